// A campaign over the leads of a tag, built as the worker builds it.
import type postgres from "postgres";
import type { BenchOrg } from "./create-org.ts";

/** @param expected how many targets must be waiting; @returns the campaign's id. It is ready, not started. */
export async function buildCampaign(
  sql: postgres.Sql,
  org: BenchOrg,
  { tag, expected, now }: { tag: string; expected: number; now: Date },
): Promise<string> {
  const [campaign] = await sql`
    insert into public.campaigns (org_id, name, status, target_criteria)
    values (${org.id}, ${`Campaign ${tag}`}, 'building', ${sql.json({ tags: [tag] })}) returning id`;
  const id: string = campaign?.id;
  await sql`insert into public.campaign_templates select ${org.id}, ${id}, t from unnest(${org.templates}::uuid[]) t`;
  for (;;) {
    const [chunk] = await sql`select private.build_chunk(${id}, 10000, ${now}) as more`;
    if (!chunk?.more) break;
  }
  const reasons = await sql`
    select state, reason, count(*)::integer as n from public.campaign_targets where campaign_id = ${id} group by 1, 2`;
  if (reasons.find(({ state }) => state === "waiting")?.n !== expected)
    throw new Error(`Of ${expected} leads of ${tag}, not all are targets: ${JSON.stringify(reasons)}`);
  return id;
}
