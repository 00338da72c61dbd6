// supabase-js with the secret key, which bypasses row-level security. Only the file store uses it.
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import type { Database } from "../db/database.types.ts";
import type { Environment } from "../environment/environment.ts";

export type ServiceClient = SupabaseClient<Database>;

/** A client that may do everything. It trusts the paths given to it: build them with pathOf. */
export function createServiceClient(env: Environment): ServiceClient {
  return createClient<Database>(env.supabaseUrl, env.secretKey, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
}
