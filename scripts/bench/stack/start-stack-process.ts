// Starts the platform for a bench and stops it.
import { fork } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Stack, StackOptions } from "../../stack/start-stack.ts";

export type StackOrder = Pick<StackOptions, "durable" | "isolates">;

type Ready = Pick<Stack, "env" | "adminUrl" | "functionsEnv">;
type Pids = ReturnType<Stack["pids"]>;
export type StackWord =
  | { ready: Ready }
  | { failed: string }
  | { pids: Pids }
  | { lines: string[] }
  | { isolates: Record<string, IsolateCounts> };

/** How a function's isolates ended. */
export interface IsolateCounts {
  /** Got no more calls because their CPU was used up. */
  retired: number;
  /** Ended by the platform at a limit, in the middle of their work. */
  ended: number;
}

export interface StackProcess extends Ready {
  /** Id of the root process: all others are its descendants. */
  pid: number;
  pids(): Promise<Pids>;
  /** Its last log lines, oldest first, without those of successful calls. */
  lastLines(): Promise<string[]>;
  countIsolates(name: string): Promise<IsolateCounts>;
  stop(): Promise<void>;
}

const MAIN = fileURLToPath(new URL("./stack-process.ts", import.meta.url));

/** Starts on free ports with fresh data. Throws with the stack's own words if it does not start. */
export async function startStackProcess(order: StackOrder): Promise<StackProcess> {
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  const child = fork(MAIN, [JSON.stringify(order)], { execArgv: ["--import", tsx] });
  const exited = once(child, "exit");
  const hear = <T>(pick: (word: StackWord) => T | undefined): Promise<T> =>
    new Promise((resolve, reject) => {
      const listen = (word: StackWord) => {
        const found = pick(word);
        if (found === undefined && !("failed" in word)) return;
        child.off("message", listen);
        if (found === undefined)
          reject(new Error(`The stack did not start: ${(word as { failed: string }).failed}`));
        else resolve(found);
      };
      child.on("message", listen);
      void exited.then(() => reject(new Error("The stack has ended.")));
    });
  const ready = await hear((word) => ("ready" in word ? word.ready : undefined));
  return {
    ...ready,
    pid: child.pid as number,
    pids() {
      const answer = hear((word) => ("pids" in word ? word.pids : undefined));
      child.send("pids");
      return answer;
    },
    lastLines() {
      const answer = hear((word) => ("lines" in word ? word.lines : undefined));
      child.send("lines");
      return answer;
    },
    async countIsolates(name) {
      const answer = hear((word) => ("isolates" in word ? word.isolates : undefined));
      child.send("isolates");
      return (await answer)[name] ?? { retired: 0, ended: 0 };
    },
    async stop() {
      if (child.exitCode === null) child.send("stop");
      await exited;
    },
  };
}

/** Uses a stack and stops it; prints its last log lines if the use fails. */
export async function withStack<T>(order: StackOrder, use: (stack: StackProcess) => Promise<T>): Promise<T> {
  const stack = await startStackProcess(order);
  try {
    return await use(stack);
  } catch (error) {
    const lines = await stack.lastLines().catch(() => []);
    console.error(`What the platform logged last:\n  ${lines.join("\n  ")}`);
    throw error;
  } finally {
    await stack.stop();
  }
}
