// Receipts in every order, before the POST's answer, twice and late, end in the same state, and none goes backwards.
import { beforeEach, describe, expect, test } from "vitest";
import {
  AFTERNOON,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  later,
} from "../../fixtures/arrange-sending.ts";
import { checkFigures } from "../../fixtures/check-figures.ts";
import {
  accepted,
  type Claimed,
  claim,
  makeDue,
  newSid,
  plan,
  receipt,
  settle,
} from "../../fixtures/drive-sending.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db);
});

async function claimMany(count: number, fields: Record<string, unknown> = {}): Promise<Claimed[]> {
  await arrangeLeads(bench.db, org.id, count);
  await bench.sql`update public.phone_numbers set mps = 1000 where org_id = ${org.id}`;
  await arrangeCampaign(bench.db, org, fields);
  await plan(bench.a.sql, AFTERNOON);
  await makeDue(bench.sql);
  const sends = await claim(bench.a.sql, { now: AFTERNOON, limit: 500 });
  expect(sends).toHaveLength(count);
  return sends;
}

function permutations<T>(items: T[]): T[][] {
  if (items.length < 2) return [items];
  return items.flatMap((item, i) =>
    permutations([...items.slice(0, i), ...items.slice(i + 1)]).map((rest) => [item, ...rest]),
  );
}

/** Everything that a receipt may change of one message. */
const stateOf = async (messageId: string) =>
  (
    await bench.sql`
      select m.status::text, m.provider_status, m.provider_rank, m.content, m.segments, m.error_code, m.needs_attention,
        m.provider_sid is not null as has_sid, m.sent_at is not null as was_sent,
        t.state::text, t.delivery, t.reason, t.error_code as target_error, t.attempts, t.message_id is not null as has_message,
        a.outcome, a.http_status, a.provider_sid = m.provider_sid as same_sid, a.next_look_at
      from public.messages m join public.campaign_targets t on t.id = m.campaign_target_id
      join public.send_attempts a on a.message_id = m.id where m.id = ${messageId}`
  )[0];

/** Ranks of states: a change never lowers them. */
const RANK: Record<string, number> = {
  sending: 0,
  unknown: 0,
  sent: 1,
  delivered: 2,
  undelivered: 2,
  failed: 2,
};

type Step = { settle: "accepted" | "unknown" } | { status: string; code?: number };
const SETTLED: Step = { settle: "accepted" };
const HISTORIES: [string, Step[], Record<string, unknown>, Record<string, unknown>][] = [
  [
    "delivered",
    [SETTLED, { status: "queued" }, { status: "sent" }, { status: "delivered" }],
    {},
    {
      status: "delivered",
      state: "sent",
      delivery: "delivered",
      content: "Hola",
      segments: 1,
      outcome: "accepted",
      http_status: 201,
    },
  ],
  [
    "filtered by the carrier",
    [SETTLED, { status: "queued" }, { status: "sent" }, { status: "undelivered", code: 30007 }],
    {},
    {
      status: "undelivered",
      state: "sent",
      delivery: "undelivered",
      error_code: 30007,
      target_error: 30007,
      segments: 1,
    },
  ],
  [
    "failed for good",
    [SETTLED, { status: "queued" }, { status: "sent" }, { status: "failed", code: 30005 }],
    {},
    {
      status: "failed",
      state: "failed",
      delivery: null,
      reason: "invalid_phone",
      error_code: 30005,
      segments: 1,
    },
  ],
  [
    "never handed to a carrier, to be tried again",
    [SETTLED, { status: "queued" }, { status: "sent" }, { status: "failed", code: 30022 }],
    {},
    {
      status: "failed",
      state: "waiting",
      delivery: null,
      has_message: false,
      attempts: 1,
      error_code: 30022,
      segments: 1,
    },
  ],
  [
    "unreachable, where the campaign asks to try again",
    [SETTLED, { status: "sent" }, { status: "undelivered", code: 30003 }],
    { retry_undelivered: true },
    { status: "undelivered", state: "waiting", delivery: null, has_message: false, segments: 1 },
  ],
  [
    "unreachable, where it does not",
    [SETTLED, { status: "sent" }, { status: "undelivered", code: 30003 }],
    {},
    { status: "undelivered", state: "sent", delivery: "undelivered", segments: 1 },
  ],
  [
    "delivered, though the POST got no answer",
    [{ settle: "unknown" }, { status: "sent" }, { status: "delivered" }],
    {},
    {
      status: "delivered",
      state: "sent",
      delivery: "delivered",
      content: "Hola",
      segments: 1,
      outcome: "accepted",
      next_look_at: null,
    },
  ],
  [
    "delivered to a phone that tells when it was read",
    [SETTLED, { status: "delivered" }, { status: "read" }],
    {},
    { status: "delivered", state: "sent", delivery: "delivered", provider_status: "read" },
  ],
];

describe.each(HISTORIES)("%s", (_name, steps, fields, expected) => {
  test.each([1, 2])("all orders, each receipt %i times", async (times) => {
    const orders = permutations(steps);
    const sends = await claimMany(orders.length, fields);
    for (const [i, order] of orders.entries()) {
      const send = sends[i] as Claimed;
      const sid = newSid();
      let rank = 0;
      for (const [minute, step] of order.entries()) {
        const now = later(AFTERNOON, minute);
        for (let n = 0; n < times; n++) {
          if ("settle" in step) {
            const unknown = {
              attempt_id: send.attempt_id,
              outcome: "unknown" as const,
              content: "Hola",
              segments: 1,
            };
            await settle(
              bench.a.sql,
              [step.settle === "accepted" ? accepted(send.attempt_id, sid) : unknown],
              now,
            );
          } else {
            const given = {
              messageId: send.message_id,
              attemptId: send.attempt_id,
              sid,
              status: step.status,
              code: step.code,
            };
            const said = await receipt(bench.b.sql, org.id, given, now);
            if (n > 0) expect(said).toBe("repeated");
          }
        }
        const now_ = await stateOf(send.message_id);
        expect(
          RANK[now_?.status],
          `${JSON.stringify(order)} at ${minute}: ${now_?.status}`,
        ).toBeGreaterThanOrEqual(rank);
        rank = RANK[now_?.status] as number;
      }
    }
    // In any order, neither Twilio's list nor a text has to be asked for.
    expect(await bench.a.sql`select * from private.due_looks(500, ${later(AFTERNOON, 600)})`).toEqual([]);
    const ends = await Promise.all(orders.map((_, i) => stateOf(sends[i]?.message_id as string)));
    expect(ends[0]).toMatchObject({ ...expected, has_sid: true, same_sid: true, was_sent: true });
    for (const [i, end] of ends.entries()) expect(end, JSON.stringify(orders[i])).toEqual(ends[0]);
    expect(await checkFigures(bench.db, org.id)).toEqual([]);
  });
});

describe("one at a time", () => {
  let send: Claimed;
  let sid: string;
  beforeEach(async () => {
    [send] = (await claimMany(1)) as [Claimed];
    sid = newSid();
    await settle(bench.a.sql, [accepted(send.attempt_id, sid)], AFTERNOON);
  });
  const give = (status: string, changes: Record<string, unknown> = {}, orgId = org.id) =>
    receipt(
      bench.b.sql,
      orgId,
      { messageId: send.message_id, attemptId: send.attempt_id, sid, status, ...changes },
      AFTERNOON,
    );

  test("if two final states arrive, the first is kept and the second reported", async () => {
    expect([await give("delivered"), await give("undelivered", { code: 30008 })]).toEqual([
      "applied",
      "superseded",
    ]);
    expect(await stateOf(send.message_id)).toMatchObject({ status: "delivered", delivery: "delivered" });
  });
  test("a lower status after a higher one changes nothing", async () => {
    expect([await give("sent"), await give("queued"), await give("accepted")]).toEqual([
      "applied",
      "superseded",
      "superseded",
    ]);
    expect(await stateOf(send.message_id)).toMatchObject({ provider_status: "sent" });
  });
  test("another organisation's receipt, another attempt's and one of a status nobody knows change nothing", async () => {
    const before = await stateOf(send.message_id);
    const stranger = await arrangeOrg(bench.db, { numbers: 0 });
    expect(await give("delivered", {}, stranger.id)).toBe("no_message");
    expect(await give("delivered", { messageId: send.attempt_id })).toBe("no_message");
    expect(await give("delivered", { attemptId: send.message_id })).toBe("no_attempt");
    expect(await give("teleported")).toBe("unknown_status");
    expect(await stateOf(send.message_id)).toEqual(before);
  });
  test("one that names no attempt counts too", async () => {
    expect(await give("delivered", { attemptId: null })).toBe("applied");
    expect(await stateOf(send.message_id)).toMatchObject({ status: "delivered" });
  });
  test("each is kept unchanged, once", async () => {
    for (const status of ["sent", "sent", "queued", "delivered"]) await give(status);
    const kept =
      await bench.sql`select status from public.message_status_events where message_id = ${send.message_id} order by id`;
    expect(kept.map((row) => row.status)).toEqual(["sent", "queued", "delivered"]);
  });
  test("two at the same moment are applied one after the other", async () => {
    await bench.a.begin();
    const sent = { messageId: send.message_id, attemptId: send.attempt_id, sid, status: "sent" };
    expect(await receipt(bench.a.sql, org.id, sent, AFTERNOON)).toBe("applied");
    const delivered = give("delivered");
    await bench.b.blocked(bench.a);
    await bench.a.commit();
    expect(await delivered).toBe("applied");
    expect(await stateOf(send.message_id)).toMatchObject({ status: "delivered", delivery: "delivered" });
  });
});

describe("a receipt that comes before the POST's answer is settled", () => {
  let send: Claimed;
  const sid = newSid();
  const results = () => [{ ...accepted(send.attempt_id, sid), content: "Hola" }];
  const given = () => ({ messageId: send.message_id, attemptId: send.attempt_id, sid, status: "delivered" });
  const DELIVERED = {
    status: "delivered",
    state: "sent",
    delivery: "delivered",
    outcome: "accepted",
    content: "Hola",
    segments: 1,
    http_status: 201,
    next_look_at: null,
  };
  beforeEach(async () => {
    await bench.sql`update public.messages set provider_sid = null where provider_sid = ${sid}`;
    [send] = (await claimMany(1)) as [Claimed];
  });

  test("and is not committed when settling begins: settling waits for it, and keeps its result", async () => {
    await bench.b.begin();
    expect(await receipt(bench.b.sql, org.id, given(), AFTERNOON)).toBe("applied");
    const settling = settle(bench.a.sql, results(), AFTERNOON);
    await bench.a.blocked(bench.b);
    await bench.b.commit();
    expect(await settling).toBe(1);
    expect(await stateOf(send.message_id)).toMatchObject(DELIVERED);
    expect(await checkFigures(bench.db, org.id)).toEqual([]);
  });
  test("while settling is not committed waits for it, and is applied", async () => {
    await bench.a.begin();
    expect(await settle(bench.a.sql, results(), AFTERNOON)).toBe(1);
    const receiving = receipt(bench.b.sql, org.id, given(), AFTERNOON);
    await bench.b.blocked(bench.a);
    await bench.a.commit();
    expect(await receiving).toBe("applied");
    expect(await stateOf(send.message_id)).toMatchObject(DELIVERED);
    expect(await checkFigures(bench.db, org.id)).toEqual([]);
  });
  test("whose worker then reports no answer stays as it is", async () => {
    await bench.b.begin();
    await receipt(bench.b.sql, org.id, given(), AFTERNOON);
    const unknown = {
      attempt_id: send.attempt_id,
      outcome: "unknown" as const,
      content: "Hola",
      segments: 1,
    };
    const settling = settle(bench.a.sql, [unknown], AFTERNOON);
    await bench.a.blocked(bench.b);
    await bench.b.commit();
    await settling;
    expect(await stateOf(send.message_id)).toMatchObject({
      status: "delivered",
      segments: 1,
      outcome: "accepted",
    });
    expect(await checkFigures(bench.db, org.id)).toEqual([]);
  });
});
