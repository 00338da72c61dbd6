// The whole platform in a process of its own, so that it shares no event loop with its load and its CPU is measured apart.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeData } from "local-supabase";
import { findFreePortBase } from "../../stack/ports.ts";
import { type Stack, startStack } from "../../stack/start-stack.ts";
import type { IsolateCounts, StackOrder, StackWord } from "./start-stack-process.ts";

const { durable, isolates } = JSON.parse(process.argv[2] ?? "{}") as StackOrder;
const KEPT_LINES = 30;
/** Log lines of successful calls; they would crowd out the others. */
const ROUTINE = /^(?:[A-Z]+ \S+ 2\d\d |drained |has used |Applying |Seeding )/;

/** The log lines for an isolate whose CPU is used up, and for one that is ended at a limit. */
const RETIRED = /ms CPU: gets no more calls$/;
const ENDED = /^stopped at its (?:cpu|memory) limit/;

const lines: string[] = [];
/** For each function, how its isolates ended. */
const isolateCounts: Record<string, IsolateCounts> = {};
const tell = (word: StackWord) => process.send?.(word);
const dataDir = await mkdtemp(join(tmpdir(), "sms-control-tower-bench-"));

async function removeFolder(): Promise<void> {
  await removeData(dataDir);
  await rm(dataDir, { recursive: true, force: true });
}

function countIsolate(name: string, line: string): void {
  isolateCounts[name] ??= { retired: 0, ended: 0 };
  const counts = isolateCounts[name];
  if (RETIRED.test(line)) counts.retired += 1;
  if (ENDED.test(line)) counts.ended += 1;
}

let stack: Stack | undefined;
try {
  stack = await startStack({
    portBase: await findFreePortBase(),
    dataDir,
    durable,
    isolates,
    watch: false,
    envFile: false,
    log(source, line) {
      countIsolate(source, line);
      if (ROUTINE.test(line)) return;
      lines.push(`${source}: ${line}`.slice(0, 300));
      if (lines.length > KEPT_LINES) lines.shift();
    },
  });
  const running = stack;
  const stop = async () => {
    await running.stop();
    await removeFolder();
    process.exit(0);
  };
  process.on("message", (asked: "pids" | "lines" | "isolates" | "stop") => {
    if (asked === "pids") tell({ pids: running.pids() });
    else if (asked === "lines") tell({ lines });
    else if (asked === "isolates") tell({ isolates: isolateCounts });
    else void stop();
  });
  // The bench has ended, perhaps while this was starting.
  process.on("disconnect", () => void stop());
  if (!process.connected) await stop();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
  const { env, adminUrl, functionsEnv } = running;
  tell({ ready: { env, adminUrl, functionsEnv } });
} catch (error) {
  await removeFolder();
  tell({ failed: `${(error as Error).message}\n${lines.join("\n")}` });
  process.exit(1);
}
