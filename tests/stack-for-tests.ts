// Starts one stack for a test run, on free ports with fresh data, and removes it at the end (vitest globalSetup).
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeData } from "local-supabase";
import type { TestProject } from "vitest/node";
import { findFreePortBase } from "../scripts/stack/ports.ts";
import { startStack } from "../scripts/stack/start-stack.ts";
import { startStackControl } from "./fixtures/start-stack-control.ts";
import { type TestStack, workerSessionUrl } from "./fixtures/test-stack.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The stack of this run; in test files: `inject("stack")`. */
    stack: TestStack;
  }
}

type SharedStack = { provided: TestStack; stop(): Promise<void>; users: number };

/**
 * Several of vitest's projects use the stack. Each loads a copy of this file, and all are set up before the first test: a stack
 * for each would be started together with the others, and would take their CPU for the whole run.
 */
const shared = globalThis as { stackForTests?: Promise<SharedStack> };

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  shared.stackForTests ??= startSharedStack();
  const stack = await shared.stackForTests;
  stack.users++;
  project.provide("stack", stack.provided);
  return async () => {
    stack.users--;
    if (stack.users > 0) return;
    delete shared.stackForTests;
    await stack.stop();
  };
}

async function startSharedStack(): Promise<SharedStack> {
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
  return {
    users: 0,
    provided: {
      ...stack.env,
      ADMIN_DB_URL: stack.adminUrl,
      WORKER_SESSION_URL: workerSessionUrl(stack.env.WORKER_DB_URL, stack.adminUrl),
      CONTROL_URL: control.url,
      FUNCTIONS_ENV: stack.functionsEnv,
      DATABASE_PID: stack.pids().database,
    },
    async stop() {
      await control.stop();
      await stack.stop();
      await removeData(dataDir);
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
