// The judge finds what it should find, and nothing else.
import { expect, test } from "vitest";
import { countRecord, doubleSends, judgeRecord, sentAfterOptOut, worstSlidingSecond } from "../src/judge.ts";
import { type InboundEntry, type PostEntry, pageRecord, type RecordEntry } from "../src/state/record.ts";

const ANA = "+13055550101";
const BEN = "+13055550102";
const NUMBER = "+12125550100";

const post = (at: number, over: Partial<PostEntry> = {}): PostEntry => ({
  kind: "post",
  seq: 0,
  receivedAt: at,
  receivedMono: at,
  answeredAt: at + 5,
  answeredMono: at + 5,
  answer: "answered",
  httpStatus: 201,
  code: null,
  accepted: true,
  misbehaviour: null,
  sid: `SM${at}`,
  to: ANA,
  from: NUMBER,
  serviceSid: null,
  body: "Would you sell your land? Reply STOP to opt out",
  segments: 1,
  media: [],
  statusCallback: null,
  mid: null,
  attempt: null,
  validityPeriod: null,
  status: "delivered",
  statusMono: at + 10,
  errorCode: null,
  hidden: false,
  ...over,
});

const inbound = (
  sentAt: number,
  answeredAt: number | null,
  over: Partial<InboundEntry> = {},
): InboundEntry => ({
  kind: "inbound",
  seq: 0,
  sid: `SM-in-${sentAt}`,
  from: ANA,
  to: NUMBER,
  body: "STOP",
  intent: "stop",
  keyword: "stop",
  optOutType: null,
  url: "http://127.0.0.1/inbound",
  attempt: 1,
  duplicate: false,
  sentAt,
  sentMono: sentAt,
  answeredAt,
  answeredMono: answeredAt,
  httpStatus: answeredAt === null ? null : 200,
  error: null,
  debuggerCode: null,
  ...over,
});

test("two live messages of one text to one person are a double send", () => {
  expect(doubleSends([post(0), post(10)])).toHaveLength(1);
  expect(doubleSends([post(0), post(10, { to: BEN })])).toEqual([]);
  expect(doubleSends([post(0), post(10, { body: "a follow-up" })])).toEqual([]);
});

test.each(["failed", "undelivered", "canceled"])("a message that ended %s may be sent again", (status) => {
  expect(doubleSends([post(0, { status }), post(10)])).toEqual([]);
});

test.each(["queued", "accepted", "sent"])("a message that is still %s may not be sent again", (status) => {
  expect(doubleSends([post(0, { status }), post(10)])).toHaveLength(1);
});

test("a refused POST is no send; one whose answer was lost is a send", () => {
  expect(doubleSends([post(0, { accepted: false, status: null, code: 20429 }), post(10)])).toEqual([]);
  expect(doubleSends([post(0, { answer: "held", httpStatus: null }), post(10)])).toHaveLength(1);
});

test("the caller's purpose decides which messages belong together", () => {
  const step = { m1: "c1/1", m2: "c1/1", m3: "c1/2" } as Record<string, string>;
  const stepOf = (entry: PostEntry) => step[entry.mid ?? ""] ?? null;
  const sent = [
    post(0, { mid: "m1", body: "a" }),
    post(1, { mid: "m2", body: "b" }),
    post(2, { mid: "m3" }),
    post(3),
  ];
  const [double] = doubleSends(sent, stepOf);
  expect(double?.posts.map((entry) => entry.mid)).toEqual(["m1", "m2"]);
  expect(doubleSends(sent, stepOf)).toHaveLength(1);
});

test("a POST over two seconds after our answer to a STOP is found, one within is not", () => {
  const stop = inbound(1_000, 1_500);
  expect(sentAfterOptOut([post(0), stop, post(3_500)])).toEqual([]);
  expect(sentAfterOptOut([post(0), stop, post(3_501)])).toMatchObject([{ afterMs: 2_001 }]);
  expect(sentAfterOptOut([post(0), stop, post(9_000, { to: BEN })])).toEqual([]);
  expect(sentAfterOptOut([post(0), stop, post(9_000, { accepted: false, code: 21610 })])).toHaveLength(1);
});

test("a STOP that we never answered with 2xx starts no clock, its retry does", () => {
  const refused = inbound(1_000, 1_010, { httpStatus: 500 });
  expect(sentAfterOptOut([refused, inbound(1_000, null), post(9_000)])).toEqual([]);
  expect(sentAfterOptOut([refused, inbound(1_000, 2_000), post(9_000)])).toMatchObject([{ afterMs: 7_000 }]);
});

test("one confirmation is exempt, a second or another text is not", () => {
  const stop = inbound(1_000, 1_100, { body: "ALTO" });
  const confirmation = { body: "Listo: fue dado de baja y no recibirá más mensajes." };
  expect(sentAfterOptOut([post(0), stop, post(5_000, confirmation)])).toEqual([]);
  expect(sentAfterOptOut([post(0), stop, post(5_000, confirmation), post(6_000, confirmation)])).toHaveLength(
    1,
  );
  expect(sentAfterOptOut([post(0), stop, post(5_000, { body: "Last chance!" })])).toHaveLength(1);
  const never = { isConfirmation: () => false };
  expect(sentAfterOptOut([post(0), stop, post(5_000, confirmation)], never)).toHaveLength(1);
});

test("a campaign text that only mentions opting out is no confirmation", () => {
  const text = { body: "Reply STOP and you will not receive any more messages" };
  expect(sentAfterOptOut([post(0, text), inbound(1_000, 1_100), post(5_000, text)])).toHaveLength(1);
});

test("START ends the opt-out, and a STOP repeated by the network does not start it again", () => {
  const stop = inbound(1_000, 1_100);
  const start = inbound(2_000, 2_100, { intent: "start", body: "START" });
  const again = inbound(1_000, 3_000, { duplicate: true });
  expect(sentAfterOptOut([stop, start, again, post(9_000)])).toEqual([]);
  expect(sentAfterOptOut([stop, start, inbound(4_000, 4_100), post(9_000)])).toHaveLength(1);
});

test("the worst sliding second counts each number's POSTs by arrival", () => {
  const times = [0, 200, 400, 999, 1_000, 1_100, 5_000];
  const record = [...times.map((at) => post(at)), post(300, { from: "+12125550101" })];
  const worst = worstSlidingSecond(record.toReversed());
  expect(worst.get(NUMBER)).toEqual({ count: 5, atMono: 200 });
  expect(worst.get("+12125550101")).toEqual({ count: 1, atMono: 300 });
  const segments = worstSlidingSecond([post(0, { segments: 3 }), post(999, { segments: 2 })], "segments");
  expect(segments.get(NUMBER)?.count).toBe(5);
});

test("counts give the outcome of every message", () => {
  const record: RecordEntry[] = [
    post(0),
    post(1, { status: "undelivered" }),
    post(2, { status: "failed" }),
    post(3, { status: "sent" }),
    post(4, { status: "queued" }),
    post(5, { accepted: false, status: null }),
    inbound(10, 11),
    inbound(10, 12, { duplicate: true }),
    inbound(20, 21, { from: BEN, intent: "interested", body: "yes please" }),
  ];
  expect(countRecord(record)).toMatchObject({
    posts: 6,
    accepted: 5,
    refused: 1,
    delivered: 1,
    undelivered: 1,
    failed: 1,
    unconfirmed: 1,
    waiting: 1,
    replies: 2,
    optOuts: 1,
  });
  expect(JSON.parse(JSON.stringify(judgeRecord(record)))).toMatchObject({
    doubleSends: 1,
    sentAfterOptOut: 0,
  });
});

test("a record is read in pages, filtered or whole", () => {
  const record = Array.from({ length: 25 }, (_, seq) => post(seq, { seq, to: seq % 5 === 0 ? BEN : ANA }));
  const first = pageRecord(record, -1, 10);
  expect(first.entries.map((entry) => entry.seq)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(first).toMatchObject({ next: 9, total: 25 });
  expect(pageRecord(record, 19, 10)).toMatchObject({ next: null });
  const seen: number[] = [];
  for (let after: number | null = -1; after !== null; ) {
    const page = pageRecord(record, after, 2, { to: BEN, kind: "post" });
    seen.push(...page.entries.map((entry) => entry.seq));
    after = page.next;
  }
  expect(seen).toEqual([0, 5, 10, 15, 20]);
});
