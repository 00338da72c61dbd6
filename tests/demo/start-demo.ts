// Runs `npm run demo` as a process of its own, with temporary files in a folder of its own.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Result } from "../../scripts/demo/sum-up.ts";
import { PROJECT_DIR } from "../../scripts/stack/project-dir.ts";

export interface DemoProcess {
  /** What it wrote so far. */
  stdout(): string;
  stderr(): string;
  process: ChildProcess;
  /** Its exit code, when it has ended. */
  ended: Promise<number | null>;
  /** The files it left in its temporary folder. */
  leftovers(): Promise<string[]>;
  /** Ends it if it still runs, and deletes the folder. */
  clean(): Promise<void>;
}

export async function startDemo(args: string[], env: Record<string, string> = {}): Promise<DemoProcess> {
  // Short, since the path of the database's socket may not be longer than 100 bytes.
  const folder = await mkdtemp(join(tmpdir(), "demo-"));
  const child = spawn(process.execPath, ["--import", "tsx", "scripts/demo/demo.ts", ...args], {
    cwd: PROJECT_DIR,
    env: { ...process.env, TMPDIR: folder, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  return {
    stdout: () => stdout,
    stderr: () => stderr,
    process: child,
    ended,
    leftovers: async () => (await readdir(folder)).filter((name) => name.startsWith("sms-control-tower")),
    async clean() {
      child.kill("SIGINT");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The result from its last line. Throws with the error if there is none. */
export function readResult(demo: DemoProcess): Result {
  const line = demo.stdout().trimEnd().split("\n").at(-1) ?? "";
  if (!line.startsWith("{")) throw new Error(`no result; stderr: ${demo.stderr()}`);
  return JSON.parse(line);
}
