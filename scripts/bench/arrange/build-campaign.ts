// A campaign over the leads of a tag, built as the worker builds it.
import type postgres from "postgres";
import type { BenchOrg } from "./create-org.ts";

/** As many leads as the worker takes in one transaction. */
export const CHUNK = 10_000;

/**
 * @param expected how many targets must be waiting
 * @param onChunk called with the milliseconds of each chunk
 * @returns the campaign's id. It is ready, not started.
 */
export async function buildCampaign(
  sql: postgres.Sql,
  org: BenchOrg,
  {
    tag,
    expected,
    now,
    onChunk,
  }: { tag: string; expected: number; now: Date; onChunk?: (ms: number) => void },
): Promise<string> {
  const [campaign] = await sql`
    insert into public.campaigns (org_id, name, status, target_criteria)
    values (${org.id}, ${`Campaign ${tag}`}, 'building', ${sql.json({ tags: [tag] })}) returning id`;
  const id: string = campaign?.id;
  await sql`insert into public.campaign_templates select ${org.id}, ${id}, t from unnest(${org.templates}::uuid[]) t`;
  for (;;) {
    const started = performance.now();
    const [chunk] = await sql`select private.build_chunk(${id}, ${CHUNK}, ${now}) as more`;
    onChunk?.(performance.now() - started);
    if (!chunk?.more) break;
  }
  const reasons = await sql`
    select state, reason, count(*)::integer as n from public.campaign_targets where campaign_id = ${id} group by 1, 2`;
  if (reasons.find(({ state }) => state === "waiting")?.n !== expected)
    throw new Error(`Of ${expected} leads of ${tag}, not all are targets: ${JSON.stringify(reasons)}`);
  return id;
}
