// One run of our own pipeline: the whole platform, a campaign that is ready, and the clock from its start.
import postgres from "postgres";
import { arrangeCampaign } from "../arrange/arrange-campaign.ts";
import { round } from "../measure/describe-machine.ts";
import { watchStackCpu } from "../measure/watch-cpu.ts";
import { watchMemory } from "../measure/watch-memory.ts";
import {
  planAhead,
  startCampaign,
  startPlanned,
  waitUntilSent,
  warmWorker,
} from "../stack/follow-campaign.ts";
import { withStack } from "../stack/start-stack-process.ts";
import { judgeRun } from "./judge-run.ts";
import type { PipelineCounts, PipelineRun } from "./pipeline-options.ts";

/** The ten numbers together may post more than any run does. */
const SPEC = { numbers: 10, mps: 10_000, history: 20_000 };
/** Callbacks are off, for the peers too: statuses never change. */
export const SILENT = { delivery: { manual: true } };

/**
 * @param isPlanned true: the time starts at the queue, as for the peers; false: it includes planning, as in production
 * @throws Error when not every message was accepted once and settled
 */
export async function runOurs(
  { messages, durable }: PipelineCounts,
  isPlanned: boolean,
): Promise<PipelineRun> {
  return await withStack({ durable: durable === 1 }, async (stack) => {
    const sql = postgres(stack.adminUrl, { max: 2, onnotice: () => {} });
    let memory: Awaited<ReturnType<typeof watchMemory>> | undefined;
    try {
      const { id, org, account } = await arrangeCampaign(stack, sql, {
        ...SPEC,
        messages,
        behaviour: SILENT,
      });
      await warmWorker(stack);
      memory = await watchMemory(async () => (await stack.pids()).functions.worker ?? []);
      if (isPlanned) await planAhead(sql, { id, orgId: org.id, messages });
      const before = await stack.countIsolates("worker");
      const stopCpu = await watchStackCpu(stack);
      const start = isPlanned ? await startPlanned(stack, sql) : await startCampaign(stack, sql, id);
      const end = await waitUntilSent(sql, id, messages);
      const cpu = await stopCpu(messages);
      await judgeRun(account, messages);
      const perSecond = (messages * 1000) / (end.getTime() - start.getTime());
      const { retired } = await stack.countIsolates("worker");
      return { perSecond, ...cpu, memoryMb: round(memory.stop()), isolates: retired - before.retired };
    } finally {
      memory?.stop();
      await sql.end({ timeout: 5 });
    }
  });
}
