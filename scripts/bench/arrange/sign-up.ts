// People with real sessions.
import { randomUUID } from "node:crypto";
import { createClient } from "@supabase/supabase-js";
import ws from "ws";
import type { StackProcess } from "../stack/start-stack-process.ts";

export interface Person {
  id: string;
  token: string;
}

/** Signs up into an organisation of their own. */
export async function signUp({ env }: StackProcess, orgName: string): Promise<Person> {
  const client = createClient(env.API_URL, env.PUBLISHABLE_KEY, {
    auth: { persistSession: false, autoRefreshToken: false },
    // Node 20 has no WebSocket of its own.
    realtime: { transport: ws as never },
  });
  const { data, error } = await client.auth.signUp({
    email: `${randomUUID()}@example.com`,
    password: randomUUID(),
    options: { data: { org_name: orgName } },
  });
  if (error || !data.session || !data.user) throw error ?? new Error("sign-up gave no session");
  return { id: data.user.id, token: data.session.access_token };
}
