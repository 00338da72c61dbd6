// The platform as a dashboard uses it: supabase-js, signed in as the demo user, with functions, tables and channels.
import { createClient, FunctionsHttpError, type SupabaseClient } from "@supabase/supabase-js";
import ws from "ws";
import type { Database } from "../../supabase/functions/_shared/db/database.types.ts";
import type { StackEnv } from "../stack/start-stack.ts";

type Method = "GET" | "POST" | "PATCH";

export interface Dashboard {
  client: SupabaseClient<Database>;
  orgId: string;
  accountSid: string;
  /** The numbers campaigns are sent from, with their messages a second. */
  numbers: { e164: string; mps: number }[];
  /** Calls a function, and returns `data` of its answer. Throws with the API's own message. */
  call<T>(method: Method, path: string, body?: FormData | Record<string, unknown>): Promise<T>;
  close(): Promise<void>;
}

/** @throws Error when the sign-in is refused */
export async function openDashboard(env: StackEnv): Promise<Dashboard> {
  const client = createClient<Database>(env.API_URL, env.PUBLISHABLE_KEY, {
    auth: { persistSession: false },
    // Node 20 has no WebSocket of its own.
    realtime: { transport: ws as never },
  });
  const { data, error } = await client.auth.signInWithPassword({
    email: env.DEMO_EMAIL,
    password: env.DEMO_PASSWORD,
  });
  if (error) throw new Error(`The demo user could not sign in: ${error.message}`);
  await client.realtime.setAuth();
  const user = await rowOf(client.from("users").select("org_id").eq("id", data.user.id).single());
  const account = await rowOf(client.from("twilio_accounts").select("account_sid").single());
  const numbers = await rowOf(
    client.from("phone_numbers").select("e164, mps").eq("status", "active").order("e164"),
  );
  return {
    client,
    orgId: user.org_id,
    accountSid: account.account_sid,
    numbers: numbers.map(({ e164, mps }) => ({ e164, mps: Number(mps) })),
    call: (method, path, body) => callFunction(client, method, path, body),
    async close() {
      await client.removeAllChannels();
      await client.auth.stopAutoRefresh();
    },
  };
}

/** Rows of a PostgREST query; throws with its message. */
export async function rowOf<T>(
  query: PromiseLike<{ data: T; error: { message: string } | null }>,
): Promise<NonNullable<T>> {
  const { data, error } = await query;
  if (error) throw new Error(error.message);
  return data as NonNullable<T>;
}

async function callFunction<T>(
  client: SupabaseClient<Database>,
  method: Method,
  path: string,
  body?: FormData | Record<string, unknown>,
): Promise<T> {
  const { data, error } = await client.functions.invoke(path, { method, ...(body && { body }) });
  if (!error) return data.data;
  const answer = error instanceof FunctionsHttpError ? await readAnswer(error.context) : null;
  throw new Error(`${method} /${path}: ${answer ?? error.message}`);
}

/** The message of our error envelope, and the first field it names. */
async function readAnswer(response: Response): Promise<string | null> {
  const text = await response.text();
  try {
    const { message, details } = JSON.parse(text).error;
    const field = details?.errors?.[0];
    return `${response.status} ${message}${field ? ` (${field.field}: ${field.message})` : ""}`;
  } catch {
    return `${response.status} ${text.slice(0, 200)}`;
  }
}
