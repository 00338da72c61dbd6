// What other packages may use of the platform.
export { bootstrapDatabase } from "./database/bootstrap-database.ts";
export { chooseAccount } from "./database/choose-account.ts";
export { chooseDatabaseFolder } from "./database/choose-database-folder.ts";
export { clearLeftovers } from "./database/clear-leftovers.ts";
export { startDatabase } from "./database/start-database.ts";
export { readEnvFile, type StackEnv, writeEnvFile } from "./env-file.ts";
export { formatLogLine } from "./format-log-line.ts";
export { locateDeno } from "./functions/locate-deno.ts";
export { startFunctions } from "./functions/start-functions.ts";
export { startGateway } from "./gateway/start-gateway.ts";
export { migrate, quietEnvironment } from "./migrate.ts";
export { DEFAULT_PORT_BASE, findFreePortBase, portsFrom, requireFreePorts } from "./ports.ts";
export { readArguments } from "./read-arguments.ts";
export { type Keys, readKeys } from "./read-keys.ts";
export { attachRealtime } from "./realtime/attach-realtime.ts";
export { removeData } from "./remove-data.ts";
export { startScheduler } from "./scheduler/start-scheduler.ts";
