// A supabase-js client for each kind of caller.
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import ws from "ws";
import type { TestStack } from "../fixtures/test-stack.ts";

const realtime = { transport: ws as never };

/** @param token sent instead of the key, to REST, storage and Realtime; @param key default: the publishable one */
export function clientWith(
  stack: TestStack,
  { token, key = stack.PUBLISHABLE_KEY }: { token?: string; key?: string } = {},
): SupabaseClient {
  if (token !== undefined)
    return createClient(stack.API_URL, key, { realtime, accessToken: async () => token });
  const auth = { persistSession: false, autoRefreshToken: false };
  return createClient(stack.API_URL, key, { realtime, auth });
}

/** Sends neither key nor token. */
export function keylessClient(stack: TestStack): SupabaseClient {
  return createClient(stack.API_URL, "sb_publishable_none", {
    realtime,
    auth: { persistSession: false, autoRefreshToken: false },
    global: {
      fetch: (input, init) => {
        const headers = new Headers(init?.headers);
        headers.delete("apikey");
        headers.delete("authorization");
        return fetch(input, { ...init, headers });
      },
    },
  });
}
