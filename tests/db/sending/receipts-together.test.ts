// Receipts applied in one call have the same result as one by one, lock in the common order, and leave to the caller those that
// may
// need more locks.
import { beforeEach, expect, test } from "vitest";
import {
  AFTERNOON,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
} from "../../fixtures/arrange-sending.ts";
import { checkFigures } from "../../fixtures/check-figures.ts";
import {
  accepted,
  type Claimed,
  claim,
  makeDue,
  newSid,
  plan,
  type Receipt,
  receipt,
  settle,
} from "../../fixtures/drive-sending.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
let sends: (Claimed & { sid: string })[];

const COUNT = 20;

beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db);
  await arrangeLeads(bench.db, org.id, COUNT);
  await bench.sql`update public.phone_numbers set mps = 1000 where org_id = ${org.id}`;
  await arrangeCampaign(bench.db, org);
  await plan(bench.a.sql, AFTERNOON);
  await makeDue(bench.sql);
  const claimed = await claim(bench.a.sql, { now: AFTERNOON, limit: 500 });
  expect(claimed).toHaveLength(COUNT);
  sends = claimed.map((send) => ({ ...send, sid: newSid() }));
  await settle(
    bench.a.sql,
    sends.map((send) => accepted(send.attempt_id, send.sid)),
    AFTERNOON,
  );
});

const of = (send: Claimed & { sid: string }, status: string, changes: Partial<Receipt> = {}): Receipt => ({
  messageId: send.message_id,
  attemptId: send.attempt_id,
  sid: send.sid,
  status,
  ...changes,
});

async function together(
  receipts: Receipt[],
  { session = bench.b, orgId = org.id } = {},
): Promise<(string | null)[]> {
  const rows = receipts.map(({ messageId, attemptId, sid, status, code = null }) => ({
    org_id: orgId,
    message_id: messageId,
    attempt_id: attemptId,
    provider_sid: sid,
    status,
    error_code: code,
    raw: { MessageStatus: status },
  }));
  const [row] = await session.sql`
    select private.apply_receipts(${session.sql.json(rows)}, ${AFTERNOON}) as results`;
  return row?.results;
}

const state = async () =>
  await bench.sql`
    select m.status::text, m.provider_status, m.provider_rank, t.state::text, t.delivery, a.outcome,
      (select array_agg(e.status order by e.status) from public.message_status_events e where e.message_id = m.id) as kept
    from public.messages m join public.campaign_targets t on t.id = m.campaign_target_id
    join public.send_attempts a on a.id = m.attempt_id
    where m.org_id = ${org.id} order by m.to_number`;

/** The receipts of each message, in turn: in order, backwards, twice. */
const COURSES = [
  ["sent", "delivered"],
  ["delivered", "sent"],
  ["queued", "sent", "sent"],
  ["sending", "delivered", "delivered", "queued"],
  ["teleported", "sent"],
];
const course = (i: number) => COURSES[i % COURSES.length] as string[];

test("end as they do one by one, with the same answers", async () => {
  const half = COUNT / 2;
  const single: string[] = [];
  for (const [i, send] of sends.slice(0, half).entries())
    for (const status of course(i))
      single.push(await receipt(bench.b.sql, org.id, of(send, status), AFTERNOON));
  const batch = sends.slice(half).flatMap((send, i) => course(i).map((status) => of(send, status)));
  expect(await together(batch)).toEqual(single);
  const ends = new Map((await state()).map((row, i) => [i, row]));
  const places = [...sends].sort((x, y) => (x.to_number < y.to_number ? -1 : 1));
  const endOf = (send: Claimed | undefined) => ends.get(places.indexOf(send as (typeof places)[number]));
  for (let i = 0; i < half; i++) expect(endOf(sends[half + i]), `${course(i)}`).toEqual(endOf(sends[i]));
  expect(await checkFigures(bench.db, org.id)).toEqual([]);
});

test("receipts that may lock campaigns or people are left to the caller, and nothing is done for them", async () => {
  const [ended, failing, givenUp, unnamed, plain] = sends as [
    ...[(typeof sends)[number], (typeof sends)[number], (typeof sends)[number]],
    ...[(typeof sends)[number], (typeof sends)[number]],
  ];
  await receipt(bench.b.sql, org.id, of(ended, "delivered"), AFTERNOON);
  await bench.sql`update public.messages set attempt_id = null, status = 'queued' where id = ${givenUp.message_id}`;
  const before = (await state()).filter((row) => row.kept === null).length;
  expect(
    await together([
      of(ended, "read"),
      of(failing, "failed", { code: 30003 }),
      of(failing, "undelivered", { code: 30003 }),
      of(failing, "canceled"),
      of(givenUp, "sent"),
      of(unnamed, "sent", { attemptId: null }),
      of(unnamed, "sent", { messageId: unnamed.attempt_id }),
      of(plain, "sent"),
    ]),
  ).toEqual([...Array(7).fill(null), "applied"]);
  expect((await state()).filter((row) => row.kept === null)).toHaveLength(before - 1);
});

test("another organisation's are left alone", async () => {
  const stranger = await arrangeOrg(bench.db, { numbers: 0 });
  const before = await state();
  expect(
    await together(
      sends.map((send) => of(send, "delivered")),
      { orgId: stranger.id },
    ),
  ).toEqual(Array(COUNT).fill(null));
  expect(await state()).toEqual(before);
});

test("two calls with the same messages, in opposite orders, wait for each other and never deadlock", async () => {
  for (let round = 0; round < 30; round++) {
    const status = ["queued", "sending", "sent"][round % 3] as string;
    const receipts = sends.map((send) => of(send, status, { sid: `${send.sid}${round}` }));
    await Promise.all([
      together(receipts, { session: bench.a }),
      together([...receipts].reverse(), { session: bench.b }),
    ]);
  }
  expect(await together(sends.map((send) => of(send, "delivered")))).toEqual(Array(COUNT).fill("applied"));
});

test("meets settling, which locks the same messages, without a deadlock", async () => {
  for (let round = 0; round < 30; round++)
    await Promise.all([
      settle(
        bench.a.sql,
        sends.map((send) => accepted(send.attempt_id, send.sid)),
        AFTERNOON,
      ),
      together([...sends].reverse().map((send) => of(send, "sent", { sid: `${send.sid}${round}` }))),
    ]);
  expect((await state()).every((row) => row.status === "sent")).toBe(true);
});

test("without receipts return nothing", async () => {
  expect(await together([])).toEqual([]);
});
