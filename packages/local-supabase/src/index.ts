// The package's exports; helpers for tests are in local-supabase/testing.
export { databaseUrl } from "./database/database-url.ts";
export { type BareServer, startBareServer } from "./database/start-bare-server.ts";
export { readEnvFile, type SupabaseEnv, writeEnvFile } from "./env-file.ts";
export { formatLogLine } from "./format-log-line.ts";
export { locateDeno } from "./functions/locate-deno.ts";
export type { Page } from "./gateway/serve-page.ts";
export { type MigrateOptions, migrate, quietEnvironment } from "./migrate.ts";
export { DEFAULT_PORT_BASE, findFreePortBase, PLATFORM_PORTS, portsFrom } from "./ports.ts";
export { ARGUMENTS_HELP, type Arguments, readArguments } from "./read-arguments.ts";
export { type Keys, randomText, readKeys, readSecrets } from "./read-keys.ts";
export { removeData } from "./remove-data.ts";
export { runUntilStopped } from "./run-until-stopped.ts";
export { shownFolder } from "./shown-folder.ts";
export { startSupabase } from "./start-supabase.ts";
export { createStopList } from "./stop-list.ts";
export type { LogSource, Supabase, SupabaseOptions } from "./supabase-types.ts";
