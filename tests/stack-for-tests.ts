// Starts one stack for a test run, on free ports with fresh data, and removes it at the end (vitest globalSetup).
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeData } from "local-supabase";
import type { TestProject } from "vitest/node";
import { findFreePortBase } from "../scripts/stack/ports.ts";
import { startStack } from "../scripts/stack/start-stack.ts";
import { startStackControl } from "./fixtures/start-stack-control.ts";
import type { TestStack } from "./fixtures/test-stack.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The stack of this run; in test files: `inject("stack")`. */
    stack: TestStack;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(join(tmpdir(), "sms-control-tower-test-"));
  const lines: string[] = [];
  const stack = await startStack({
    portBase: await findFreePortBase(),
    dataDir,
    durable: false,
    watch: false,
    envFile: false,
    log: (source, line) => {
      lines.push(`${source}: ${line}`);
      if (process.env.STACK_LOG) console.log(`${source}: ${line}`);
    },
  });
  const control = await startStackControl(stack, lines);
  project.provide("stack", {
    ...stack.env,
    ADMIN_DB_URL: stack.adminUrl,
    CONTROL_URL: control.url,
    FUNCTIONS_ENV: stack.functionsEnv,
    DATABASE_PID: stack.pids().database,
  });
  return async () => {
    await control.stop();
    await stack.stop();
    await removeData(dataDir);
    await rm(dataDir, { recursive: true, force: true });
  };
}
