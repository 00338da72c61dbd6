// One run of our own pipeline: the whole platform, a campaign that is ready, and the clock from its start.
import { setTimeout as wait } from "node:timers/promises";
import postgres from "postgres";
import { connectSimulator } from "../../twilio-simulator/connect-simulator.ts";
import { addHistory } from "../arrange/add-history.ts";
import { addLeads } from "../arrange/add-leads.ts";
import { buildCampaign } from "../arrange/build-campaign.ts";
import { createOrg } from "../arrange/create-org.ts";
import { openAllHours } from "../arrange/open-all-hours.ts";
import { round } from "../measure/describe-machine.ts";
import { watchMemory } from "../measure/watch-memory.ts";
import { type StackProcess, withStack } from "../stack/start-stack-process.ts";
import { cpuOf, watchCpu } from "./cpu-by-part.ts";
import { judgeRun } from "./judge-run.ts";
import type { PipelineCounts, PipelineRun } from "./pipeline-bench.ts";

const NUMBERS = 10;
/** All ten together: more than any run posts. */
const LIFTED_MPS = 1_000;
const HISTORY = 20_000;

/** @throws Error when not every message was accepted once and settled */
export async function runOurs({ messages, durable }: PipelineCounts): Promise<PipelineRun> {
  return await withStack({ durable: durable === 1 }, async (stack) => {
    const sql = postgres(stack.adminUrl, { max: 2, onnotice: () => {} });
    try {
      const { campaignId, account } = await arrange(stack, sql, messages);
      await callWorker(stack, "GET", "/worker/health");
      await callWorker(stack, "POST", "/worker/drain");
      const pids = await stack.pids();
      const memory = await watchMemory(pids.functions.worker ?? []);
      const stopCpu = await watchCpu(async () => {
        const database = await cpuOf(pids.database);
        const worker = await cpuOf(pids.functions.worker?.[0]);
        const all = (await cpuOf(stack.pid)) - (await cpuOf(pids.simulator));
        return { database, worker, platform: all - database - worker };
      });
      const [start] = await sql`
        update public.campaigns set status = 'running', started_at = now() where id = ${campaignId} returning clock_timestamp() as at`;
      // What the tick does, without waiting for the next one.
      await sql`select private.plan_all()`;
      await callWorker(stack, "POST", "/worker/drain");
      const end = await waitUntilSettled(sql, campaignId, messages);
      const cpu = await stopCpu(messages);
      await judgeRun(account, messages);
      return {
        perSecond: (messages * 1000) / (end - start?.at.getTime()),
        ...cpu,
        memoryMb: round(memory.stop()),
      };
    } finally {
      await sql.end({ timeout: 5 });
    }
  });
}

async function arrange(stack: StackProcess, sql: postgres.Sql, messages: number) {
  const now = new Date();
  const org = await createOrg(sql, { n: 0, numbers: NUMBERS, mps: LIFTED_MPS });
  await openAllHours(sql, org.id);
  const account = await connectSimulator(stack.env.TWILIO_SIMULATOR_URL).register({
    ...{ accountSid: org.accountSid, authToken: org.authToken },
    // Callbacks off, for everybody: statuses never move.
    behaviour: { delivery: { manual: true } },
    numbers: org.numbers.map(({ e164 }) => ({ phoneNumber: e164, mps: null })),
  });
  await addHistory(sql, org, { from: 0, count: HISTORY, now });
  await addLeads(sql, org.id, { from: 0, count: messages, tag: "ALL" });
  const campaignId = await buildCampaign(sql, org, { tag: "ALL", expected: messages, now });
  await sql`vacuum analyze`;
  return { campaignId, account };
}

async function callWorker(stack: StackProcess, method: string, path: string): Promise<void> {
  const response = await fetch(`${stack.env.FUNCTIONS_URL}${path}`, {
    method,
    headers: { "x-worker-secret": stack.functionsEnv.WORKER_SECRET ?? "" },
  });
  if (!response.ok)
    throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
  await response.body?.cancel();
}

const LOOK_EVERY_MS = 250;
const GIVE_UP_AFTER_MS = 60_000;

/** @returns when the last one was settled, by the database's clock */
async function waitUntilSettled(sql: postgres.Sql, campaignId: string, messages: number): Promise<number> {
  for (let seen = -1, changedAt = performance.now(); ; await wait(LOOK_EVERY_MS)) {
    const [row] = await sql`
      select count(*)::integer as n, max(sent_at) as last from public.campaign_targets where campaign_id = ${campaignId} and state = 'sent'`;
    if (row?.n === messages) return row.last.getTime();
    if (row?.n !== seen) changedAt = performance.now();
    seen = row?.n;
    if (performance.now() - changedAt > GIVE_UP_AFTER_MS)
      throw new Error(`Only ${seen} of ${messages} messages were sent, and no more for a minute.`);
  }
}
