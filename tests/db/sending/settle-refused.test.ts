// A result that the database refuses does not hold up the others of its batch.
import { beforeEach, expect, test } from "vitest";
import type { Log } from "../../../supabase/functions/_shared/http/log.ts";
import { ResultSettler } from "../../../supabase/functions/worker/settle-results.ts";
import {
  AFTERNOON,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
} from "../../fixtures/arrange-sending.ts";
import { accepted, claim, makeDue, plan } from "../../fixtures/drive-sending.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db);
});

test("one refused result among many is left to rescue, and every other one is settled", async () => {
  await arrangeLeads(bench.db, org.id, 9);
  await arrangeCampaign(bench.db, org);
  await plan(bench.a.sql, AFTERNOON);
  await makeDue(bench.sql);
  const sends = await claim(bench.a.sql, { now: AFTERNOON, limit: 9 });
  expect(sends).toHaveLength(9);

  const complaints: unknown[] = [];
  const log = {
    info: () => {},
    warn: () => {},
    error: (_message: string, details: unknown) => complaints.push(details),
  } as unknown as Log;
  const settler = new ResultSettler(bench.a.sql, log);
  for (const send of sends.slice(0, 5)) settler.add(accepted(send.attempt_id));
  settler.add({ ...accepted(sends[5]?.attempt_id as string), segments: "many" as unknown as number });
  for (const send of sends.slice(6)) settler.add(accepted(send.attempt_id));
  await settler.flush();

  const rows =
    await bench.sql`select a.outcome, count(*)::int as n from public.send_attempts a group by 1 order by 1`;
  expect(Object.fromEntries(rows.map((row) => [row.outcome, row.n]))).toEqual({ accepted: 8, open: 1 });
  expect(complaints).toEqual([expect.objectContaining({ results: 1 })]);
});
