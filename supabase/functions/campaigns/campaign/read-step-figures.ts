// The folded figures of a campaign's steps. What belongs to no later step belongs to the first.
import { z } from "zod";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import type { stepFigures } from "./steps.ts";

const count = z.number().int();
const counts = z.object({
  audience: count,
  excluded: count,
  canceled: count,
  waiting: count,
  queued: count,
  sending: count,
  unknown: count,
  sent: count,
  failed: count,
  delivered: count,
  replies: count,
  opt_outs: count,
});
type Counts = z.output<typeof counts>;
const NAMES = Object.keys(counts.shape) as (keyof Counts)[];
/** One query, so that both are of the same fold. */
const answer = z.object({
  stats: z.union([counts.nullable(), z.array(counts)]),
  steps: z.array(counts.extend({ step: count })),
});

export async function readStepFigures(
  { db, user }: UserContext,
  campaignId: string,
): Promise<z.output<typeof stepFigures>[]> {
  const row = parseAnswer(
    await db
      .from("campaigns")
      .select(`stats:campaign_stats(${NAMES}), steps:campaign_step_stats(step, ${NAMES})`)
      .eq("org_id", user.orgId)
      .eq("id", campaignId)
      .maybeSingle(),
    answer.nullable(),
  );
  const total = Array.isArray(row?.stats) ? row.stats[0] : row?.stats;
  if (!row || !total) return [];
  const later = row.steps.sort((a, b) => a.step - b.step);
  const first = Object.fromEntries(
    NAMES.map((name) => [name, later.reduce((rest, each) => rest - each[name], total[name])]),
  ) as Counts;
  return [{ ...first, step: 1 }, ...later].map(({ step, ...each }) => ({
    step,
    targets: each.audience - each.excluded,
    waiting: each.waiting + each.queued + each.sending + each.unknown,
    sent: each.sent,
    delivered: each.delivered,
    failed: each.failed,
    replied: each.replies,
    opted_out: each.opt_outs,
    stopped: each.canceled,
  }));
}
