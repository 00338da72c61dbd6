// One run of a peer, or of the bare loop: a server of its own with the platform's settings, and Deno as our functions have it.
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { locateDeno } from "local-supabase";
import type postgres from "postgres";
import { startSimulatorProcess } from "twilio-simulator";
import type { AccountControl } from "twilio-simulator/client";
import { findFreePortBase, portsFrom } from "../../stack/ports.ts";
import { PROJECT_DIR } from "../../stack/project-dir.ts";
import { startBareServer } from "../../stack/start-bare-server.ts";
import { copyDatabase } from "../arrange/copy-database.ts";
import { cpuOf, watchCpu } from "../measure/watch-cpu.ts";
import { judgeRun } from "./judge-run.ts";
import { makeJobs } from "./peers/make-jobs.ts";
import { DONE, type PeerOrder, READY } from "./peers/protocol.ts";
import type { PipelineCounts, PipelineRun } from "./pipeline-options.ts";
import { openGraphileWorker, openPgBoss, type PeerQueue } from "./queue-jobs.ts";
import { SILENT } from "./run-ours.ts";

export type Peer = "graphile_worker" | "pg_boss";

const PROGRAMS = { graphile_worker: "graphile-worker.ts", pg_boss: "pg-boss.ts", bare: "bare-loop.ts" };
const NUMBERS = Array.from({ length: 10 }, (_, n) => `+1214444000${n}`);
const CALLBACK_URL = "http://127.0.0.1:54321/functions/v1/twilio/status";
/** Megabytes, the limit of our functions. */
const MEMORY = 256;

export async function runPeer(peer: Peer, counts: PipelineCounts): Promise<PipelineRun> {
  const { messages, durable } = counts;
  const server = await startBareServer({ durable: durable === 1 });
  try {
    const db = await copyDatabase(server);
    const databaseUrl = `${server.adminUrl}/${db.name}`;
    await db.sql`
      create table public.attempts (
        id uuid primary key, job_id uuid not null, outcome text not null default 'open', provider_sid text, http_status integer,
        created_at timestamptz not null default clock_timestamp(), settled_at timestamptz)`;
    const queue = await (peer === "pg_boss" ? openPgBoss : openGraphileWorker)(databaseUrl);
    await queue.add(makeJobs(messages, NUMBERS));
    await db.sql`vacuum analyze`;
    return await withTwilio(async (account, twilio) => {
      const child = startProgram(peer, { ...order(counts, twilio), databaseUrl });
      try {
        await heard(child, READY);
        const stopCpu = await watchCpu(async () => ({
          database: await cpuOf(server.pid),
          worker: await cpuOf(child.pid),
        }));
        const [start] = await db.sql`select clock_timestamp() as at`;
        child.stdin?.write("go\n");
        const end = await waitUntilDone(db.sql, queue, messages);
        const cpu = await stopCpu(messages);
        await judgeRun(account, messages);
        return {
          perSecond: (messages * 1000) / (end - start?.at.getTime()),
          ...cpu,
        };
      } finally {
        await endProgram(child);
        await queue.close();
      }
    });
  } finally {
    await server.stop();
  }
}

/** @returns POSTs a second */
export async function runBareLoop(counts: PipelineCounts): Promise<number> {
  return await withTwilio(async (account, twilio) => {
    const child = startProgram("bare", order(counts, twilio));
    try {
      await heard(child, READY);
      const started = performance.now();
      child.stdin?.write("go\n");
      await heard(child, DONE);
      const ms = performance.now() - started;
      await judgeRun(account, counts.messages);
      return (counts.messages * 1000) / ms;
    } finally {
      await endProgram(child);
    }
  });
}

interface Twilio {
  url: string;
  accountSid: string;
  authToken: string;
}

async function withTwilio<T>(use: (account: AccountControl, twilio: Twilio) => Promise<T>): Promise<T> {
  const port = portsFrom(await findFreePortBase()).simulator;
  const simulator = await startSimulatorProcess({ port, log: console.error });
  try {
    const accountSid = `AC${randomUUID().replaceAll("-", "")}`;
    const authToken = randomUUID().replaceAll("-", "");
    const account = await simulator.control.register({
      accountSid,
      authToken,
      behaviour: SILENT,
      numbers: NUMBERS.map((phoneNumber) => ({ phoneNumber, mps: null })),
    });
    return await use(account, { url: `http://127.0.0.1:${port}`, accountSid, authToken });
  } finally {
    await simulator.stop();
  }
}

function order({ messages, concurrency }: PipelineCounts, { url, accountSid, authToken }: Twilio): PeerOrder {
  const authorization = `Basic ${btoa(`${accountSid}:${authToken}`)}`;
  return {
    databaseUrl: "",
    twilioUrl: url,
    callbackUrl: CALLBACK_URL,
    concurrency,
    messages,
    numbers: NUMBERS,
    account: { accountSid, authToken, authorization, orgId: "" },
  };
}

function startProgram(program: keyof typeof PROGRAMS, order: PeerOrder): ChildProcess {
  const file = fileURLToPath(new URL(`./peers/${PROGRAMS[program]}`, import.meta.url));
  const flags = [
    "run",
    "--quiet",
    "--no-prompt",
    "--no-lock",
    "--no-remote",
    "--allow-all",
    `--config=${PROJECT_DIR}deno.json`,
  ];
  const child = spawn(
    locateDeno(),
    [...flags, `--v8-flags=--max-old-space-size=${MEMORY}`, file, JSON.stringify(order)],
    {
      cwd: PROJECT_DIR,
      stdio: ["pipe", "pipe", "inherit"],
      env: {
        PATH: process.env.PATH,
        DENO_NO_UPDATE_CHECK: "1",
        NO_COLOR: "1",
        DENO_DIR: `${PROJECT_DIR}node_modules/.cache/deno`,
      },
    },
  );
  return child;
}

/** Resolves when the program prints the line `word`; rejects if it ends before. */
async function heard(child: ChildProcess, word: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    if (child.exitCode !== null) reject(new Error("The measured program has ended."));
    child.once("exit", (code) =>
      reject(new Error(`The measured program ended with ${code} before it said "${word}".`)),
    );
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
      if (line === word) resolve();
    });
  });
}

async function endProgram(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}

const LOOK_EVERY_MS = 250;
const GIVE_UP_AFTER_MS = 60_000;

/** @returns when the last result was recorded, by the database's clock; the queue is then empty too */
async function waitUntilDone(sql: postgres.Sql, queue: PeerQueue, messages: number): Promise<number> {
  for (let seen = -1, changedAt = performance.now(); ; await wait(LOOK_EVERY_MS)) {
    const [row] = await sql`
      select count(*)::integer as n, max(settled_at) as last from public.attempts where outcome = 'accepted'`;
    if (row?.n === messages && (await queue.isDone(sql))) return row.last.getTime();
    if (row?.n !== seen) changedAt = performance.now();
    seen = row?.n;
    if (performance.now() - changedAt > GIVE_UP_AFTER_MS)
      throw new Error(`Only ${seen} of ${messages} messages were sent, and no more for a minute.`);
  }
}
