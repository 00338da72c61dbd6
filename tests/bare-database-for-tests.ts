// Starts a database server for a test run with nothing beside it: no scheduler plans, no worker claims (vitest globalSetup).
import type { TestProject } from "vitest/node";
import { type BareServer, startBareServer } from "../scripts/stack/start-bare-server.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** In test files: `startBareDatabase()`, never this itself. */
    bareServer: Omit<BareServer, "stop">;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { stop, ...server } = await startBareServer({
    durable: false,
    log: (line) => process.env.STACK_LOG && console.log(line),
  });
  project.provide("bareServer", server);
  return stop;
}
