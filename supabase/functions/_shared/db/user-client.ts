// supabase-js as the signed-in user: every query has the user's own token, so row-level security applies.
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import type { Environment } from "../environment/environment.ts";
import { boundedFetch } from "./bounded-fetch.ts";
import type { Database } from "./database.types.ts";

export type UserClient = SupabaseClient<Database>;

/** A client for one request. @param token the user's access token, already verified */
export function createUserClient(env: Environment, token: string): UserClient {
  return createClient<Database>(env.supabaseUrl, env.publishableKey, {
    accessToken: async () => token,
    global: { fetch: boundedFetch },
  });
}
