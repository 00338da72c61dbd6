// A stack in a process of its own, so that nothing the harness computes delays what it measures. Run as a child, it starts
// the stack and tells its parent; imported, it forks that child.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { startOwnStack } from "../fixtures/start-own-stack.ts";
import { startStackControl } from "../fixtures/start-stack-control.ts";
import type { TestStack } from "../fixtures/test-stack.ts";

const FILE = fileURLToPath(import.meta.url);

export interface StackProcess {
  stack: TestStack;
  stop(): Promise<void>;
}

/** @param seed of the Twilio simulator */
export function forkStack(seed: number): Promise<StackProcess> {
  const child = fork(FILE, [String(seed)], {
    execArgv: process.execArgv,
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async () => {
    if (child.connected) child.send("stop");
    await ended;
  };
  return new Promise((resolve, reject) => {
    child.once("message", (stack) => resolve({ stack: stack as TestStack, stop }));
    void ended.then(() => reject(new Error("the stack's process ended before it was ready")));
  });
}

async function serveParent(): Promise<void> {
  const lines: string[] = [];
  const log = (source: string, line: string) => {
    lines.push(`${source}: ${line}`);
    if (process.env.STACK_LOG) console.log(`${source}: ${line}`);
  };
  const own = await startOwnStack({}, { seed: Number(process.argv[2]) % 2 ** 31, log });
  const control = await startStackControl(own.running, lines);
  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    await control.stop();
    await own.stop();
    process.exit(0);
  };
  process.on("message", () => void stop());
  process.on("disconnect", () => void stop());
  process.send?.({ ...own.stack, CONTROL_URL: control.url });
}

if (process.argv[1] === FILE) await serveParent();
