// The cost of the pipeline's calls does not grow with earlier messages, and no call reads a growing table from end to end.
import type postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AFTERNOON, arrangeOrg, later } from "../../fixtures/arrange-sending.ts";
import { accepted, newSid } from "../../fixtures/drive-sending.ts";
import { fillSending, GROWING } from "../../fixtures/fill-sending.ts";
import { type BareDatabase, startBareDatabase } from "../../fixtures/start-bare-database.ts";

const SMALL = { messages: 20_000, waiting: 2_000 };
const LARGE = { messages: 200_000, waiting: 20_000 };
/** PL/pgSQL makes a new plan for each of the first five calls, and may keep a generic plan from the sixth on. */
const ROUNDS = 8;
const BATCH = 100;
const RECEIPTS = 10;

/** By call: buffers touched (found in memory or read) in all rounds, and sequential scans of growing tables, as "table: rows". */
type Costs = Map<string, { buffers: number; scans: string[] }>;

let db: BareDatabase | undefined;
let small: Costs;
let large: Costs;

beforeAll(async () => {
  small = await measure(SMALL);
  large = await measure(LARGE);
}, 600_000);
afterAll(() => db?.close());

async function measure(size: typeof SMALL): Promise<Costs> {
  db = await startBareDatabase();
  const org = await arrangeOrg(db, { numbers: 10, mps: 1_000 });
  await fillSending(db, org, { ...size, now: AFTERNOON });
  const session = await db.admin();
  const costs: Costs = new Map();
  // Warm-up: reading the catalog on a new connection is not a cost of the call.
  await round(session.sql, org.id, 0, new Map());
  for (let n = 1; n <= ROUNDS; n++) await round(session.sql, org.id, n, costs);
  await db.close();
  db = undefined;
  return costs;
}

/** Every call for a batch of messages, and cron's work meanwhile. */
async function round(sql: postgres.Sql, orgId: string, n: number, costs: Costs): Promise<void> {
  const now = later(AFTERNOON, n * 5);
  const cost = (call: string, text: string, params: unknown[]) => explain(sql, costs, call, text, params);
  await cost("plan", "select private.plan_sends($1, $2, '5 seconds', $3)", [orgId, now, BATCH]);
  await cost("claim", "select * from private.claim_sends($1, $2, false, $3)", [orgId, BATCH, now]);
  const claimed =
    await sql`select id, message_id from public.send_attempts where outcome = 'open' order by id`;
  expect(claimed).toHaveLength(BATCH);
  // The last ones stay open, as after a dead worker, for rescue.
  const posted = claimed.slice(0, -2).map(({ id, message_id }) => ({ id, message_id, sid: newSid() }));
  const results = posted.map(({ id, sid }) => accepted(id, sid));
  await cost("settle", "select private.settle_sends($1::jsonb, $2)", [results, now]);
  const together = posted.slice(RECEIPTS).map(({ id, message_id, sid }) => ({
    org_id: orgId,
    message_id,
    attempt_id: id,
    provider_sid: sid,
    status: "sent",
  }));
  await cost("receipts together", "select private.apply_receipts($1::jsonb, $2)", [together, now]);
  for (const { id, message_id, sid } of posted.slice(0, RECEIPTS)) {
    for (const status of ["sent", "delivered"])
      await cost("status", "select private.apply_receipt($1, $2, $3, $4, $5, null, null, $6)", [
        orgId,
        message_id,
        id,
        sid,
        status,
        now,
      ]);
  }
  await cost("rescue", "select private.rescue_sends($1)", [later(now, 120)]);
  await cost("due work", "select private.due_work('5 seconds', $1)", [now]);
  await cost("looks of ticks", "select name, private.is_task_due(name, due) from private.tasks", []);
  await cost("finish", "select private.finish_campaigns($1)", [now]);
  await cost("fold", "select private.fold_stats($1)", [now]);
  await sql`update public.send_attempts set outcome = 'not_posted', settled_at = now() where outcome = 'open'`;
}

/** Makes a call under explain, whose top node also counts the buffers of statements inside the function. */
async function explain(
  sql: postgres.Sql,
  costs: Costs,
  call: string,
  text: string,
  params: unknown[],
): Promise<void> {
  // Discards counts of earlier work, so that the next reading is of this transaction only.
  await sql`select pg_catalog.pg_stat_force_next_flush()`;
  await sql.begin(async (tx) => {
    const [answer] = await tx.unsafe(`explain (analyze, buffers, format json) ${text}`, params as never);
    const top = answer?.["QUERY PLAN"][0].Plan;
    const scans = await tx`
      select schemaname || '.' || relname || ': ' || seq_tup_read || ' rows' as scan from pg_catalog.pg_stat_xact_user_tables
      where schemaname || '.' || relname = any (${GROWING as unknown as string[]}) and seq_scan > 0`;
    const cost = costs.get(call) ?? { buffers: 0, scans: [] };
    cost.buffers += top["Shared Hit Blocks"] + top["Shared Read Blocks"];
    cost.scans.push(...scans.map(({ scan }) => scan));
    costs.set(call, cost);
  });
}

const CALLS = [
  "plan",
  "claim",
  "settle",
  "receipts together",
  "status",
  "rescue",
  "due work",
  "looks of ticks",
  "finish",
  "fold",
];
describe.each(CALLS)("%s", (call) => {
  it(`with ${LARGE.messages} messages touches at most twice the buffers that it touches with a tenth of them`, () => {
    const [few, many] = [small.get(call)?.buffers ?? 0, large.get(call)?.buffers ?? 0];
    expect(few).toBeGreaterThan(0);
    expect(many / few, `${many} buffers, ${few} with a tenth`).toBeLessThanOrEqual(2);
  });

  it("reads no growing table from end to end", () => {
    expect(large.get(call)?.scans).toEqual([]);
  });
});
