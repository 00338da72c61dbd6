// supabase-js with the secret key: bypasses RLS. For storage and imports only, never on a user's word alone.
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import type { Environment } from "../env.ts";
import type { Database } from "./database.types.ts";

export type ServiceClient = SupabaseClient<Database>;

/** A client that may do all: filter by organisation in every query. */
export function createServiceClient(env: Environment): ServiceClient {
  return createClient<Database>(env.supabaseUrl, env.secretKey, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
}
