// Starts a database server alone for a test run: no scheduler plans, no worker claims (vitest globalSetup).
import type { TestProject } from "vitest/node";
import { type BareServer, startBareServer } from "../scripts/stack/start-bare-server.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Test files use `startBareDatabase()`, never this directly. */
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
