// The database that each run of bench plan takes a copy of.
import type postgres from "postgres";
import { addHistory } from "../arrange/add-history.ts";
import { addLeads } from "../arrange/add-leads.ts";
import { startAfternoonClock } from "../arrange/afternoon-clock.ts";
import { buildCampaign } from "../arrange/build-campaign.ts";
import { createOrg } from "../arrange/create-org.ts";
import type { Say } from "../report/bench-types.ts";
import type { PlanCounts } from "./plan-options.ts";

/** So high that no slot is more than the one second ahead that a claim may reserve. */
const LIFTED_MPS = 10_000;
/** Between the phones of two organisations, which may share people. */
const APART = 500_000;

export async function arrangePlan(sql: postgres.Sql, counts: PlanCounts, say: Say): Promise<void> {
  const { orgs, campaigns, numbers, history, messages } = counts;
  const now = startAfternoonClock()();
  const each = Math.ceil(messages / (orgs * campaigns));
  for (let o = 0; o < orgs; o++) {
    const org = await createOrg(sql, { n: o, numbers, mps: LIFTED_MPS });
    await addHistory(sql, org, { from: o * APART, count: history, now });
    for (let c = 0; c < campaigns; c++) {
      const tag = `C${c}`;
      await addLeads(sql, org.id, { from: o * APART + c * each, count: each, tag });
      const id = await buildCampaign(sql, org, { tag, expected: each, now });
      await sql`update public.campaigns set status = 'running', started_at = ${now} where id = ${id}`;
    }
  }
  await sql`select private.fold_stats(${now})`;
  await sql`vacuum analyze`;
  await sql`checkpoint`;
  say(
    `${orgs} organisations with ${campaigns} campaigns of ${each} targets, 24 texts, ${numbers} numbers and ${history} earlier messages each`,
  );
}
