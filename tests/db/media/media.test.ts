// Pictures and files in SQL: what a text may be sent with, what that costs, whose turn it is, and when files go.
import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { addAdmin } from "../../fixtures/add-admin.ts";
import {
  AFTERNOON,
  type ArrangedLead,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  later,
  phoneAt,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import { accepted, type Claimed, claim, makeDue, plan, settle } from "../../fixtures/drive-sending.ts";
import type { Session } from "../../fixtures/open-session.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
let neighbour: ArrangedOrg;
let user: Session;
let lead: ArrangedLead;
beforeEach(async () => {
  await bench.clear();
  await bench.sql`delete from pgmq.q_media`;
  await bench.sql`delete from pgmq.q_file_removals`;
  await user?.rollback().then(() => user.end());
  org = await arrangeOrg(bench.db, { fields: { cooldown_days: 0 } });
  neighbour = await arrangeOrg(bench.db);
  user = await signedIn(bench.db, org.adminId);
  [lead] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
});

const DAY = 86_400;
const SHA = "0".repeat(64);
interface Upload {
  of?: string;
  state?: string;
  bytes?: number;
  at?: Date;
}
/** An upload whose file is in Storage. @returns its id */
async function upload({
  of = org.id,
  state = "stored",
  bytes = 1_000,
  at = AFTERNOON,
}: Upload = {}): Promise<string> {
  const id = randomUUID();
  await bench.sql`
    insert into public.message_media (id, org_id, direction, state, content_type, bytes, sha256, path, created_at)
    values (${id}, ${of}, 'outbound', ${state}, 'image/png', ${bytes}, ${SHA}, ${`${of}/${id}`}, ${at})`;
  return id;
}
async function queueText(body = "Hola"): Promise<string> {
  const [row] =
    await user.sql`select private.send_direct(${body}, ${lead.e164}, null, ${randomUUID()}, ${AFTERNOON}) as answer`;
  return row?.answer.message_id;
}
const attach = (message: string, ids: (string | null)[], to = org.id) =>
  bench.sql`select private.attach_media(${to}, ${message}, ${ids as string[]}::uuid[], ${AFTERNOON})`;
interface Refusal {
  hint?: string;
  message: string;
  detail?: string;
}
const refusal = (call: PromiseLike<unknown>) =>
  call.then(
    () => expect.unreachable("It was not refused."),
    ({ hint, message, detail }: Refusal) => ({
      code: hint,
      message,
      field: JSON.parse(detail ?? "{}").errors?.[0]?.field,
    }),
  );
const mediaOf = (message: string) =>
  bench.sql`select id, ordinal, path from public.message_media where message_id = ${message} order by ordinal`;
const messageOf = async (id: string) =>
  (await bench.sql`select *, status::text, cost::float as cost from public.messages where id = ${id}`)[0];
type WithMedia = Claimed & { media_ids: string[] | null };
const claimAll = async (now = AFTERNOON) => {
  await makeDue(bench.sql);
  return (await claim(bench.a.sql, { now })) as WithMedia[];
};
const removals = async () =>
  (await bench.sql`select message ->> 'media' as path from pgmq.q_file_removals order by 1`).map(
    ({ path }) => path,
  );
/** An inbound message with files at these addresses. */
async function receive(urls: string[], of = org, from = phoneAt(905)): Promise<string> {
  const sid = `MM${randomUUID().replaceAll("-", "")}`;
  await bench.a.sql`
    select private.receive_inbound(${of.accountSid}, ${sid}, ${from}, ${of.numbers[0]?.e164 ?? ""}, 'Look', ${urls}, 'reply', 'exact', false,
      'en', false, null, ${AFTERNOON})`;
  const [row] = await bench.sql`select id from public.messages where provider_sid = ${sid}`;
  return row?.id;
}
// biome-ignore lint/suspicious/noExplicitAny: what a claim returns
const claimMedia = async (now = AFTERNOON): Promise<any> =>
  (await bench.a.sql`select private.claim_media(${now}) as work`)[0]?.work;
const settleMedia = async (work: { work_id: number; media_id: string }, outcome: string, of = org.id) => {
  const [row] = await bench.a.sql`
    select private.settle_media(${work.work_id}, ${of}, ${work.media_id}, ${outcome}, ${outcome === "stored" ? null : "Why."},
      'image/png', 9, ${SHA}, ${AFTERNOON}) as state`;
  return row?.state;
};

describe("a text", () => {
  test("is sent with its pictures in the order given, and a file may be in many texts", async () => {
    const [a, b] = [await upload(), await upload()];
    const first = await queueText("One");
    await attach(first, [b, a, b]);
    expect((await mediaOf(first)).map(({ path }) => path)).toEqual([b, a, b].map((id) => `${org.id}/${id}`));
    const second = await queueText("Two");
    await attach(second, [b]);
    expect((await mediaOf(second)).map(({ path }) => path)).toEqual([`${org.id}/${b}`]);
    const plain = await queueText("Three");
    await attach(plain, []);
    const odd = await queueText("Four");
    await bench.sql`select private.attach_media(${org.id}, ${odd}, ${`[5:6]={${a},${b}}`}::uuid[], ${AFTERNOON})`;
    expect((await mediaOf(odd)).map(({ ordinal }) => ordinal)).toEqual([1, 2]);
    const sends = await claimAll();
    const idsOf = async (message: string) => (await mediaOf(message)).map(({ id }) => id);
    expect(Object.fromEntries(sends.map((send) => [send.message_id, send.media_ids]))).toEqual({
      [first]: await idsOf(first),
      [second]: await idsOf(second),
      [plain]: null,
      [odd]: await idsOf(odd),
    });
    expect(await messageOf(plain)).toMatchObject({ has_media: false });
  });

  test("refuses other files by name of the field, and other messages", async () => {
    const message = await queueText();
    const field = async (ids: (string | null)[]) => await refusal(attach(message, ids));
    const good = await upload();
    const many = await Promise.all(Array.from({ length: 11 }, () => upload()));
    const large = [await upload({ bytes: 5_242_880 }), await upload({ bytes: 1 })];
    const inbound = await receive(["https://api.twilio.com/x"]);
    const [theirs] = await mediaOf(inbound);
    await bench.sql`update public.message_media set state = 'stored', content_type = 'image/png', bytes = 1, sha256 = ${SHA} where id = ${theirs?.id}`;
    for (const [ids, words] of [
      [many, /ten files/],
      [[good, randomUUID()], /does not exist/],
      [[good, null], /does not exist/],
      [[await upload({ of: neighbour.id })], /does not exist/],
      [[theirs?.id], /does not exist/],
      [[await upload({ state: "pending" })], /has not ended/],
      [large, /5 MiB together/],
      [[large[0], large[0]], /5 MiB together/],
    ] as [string[], RegExp][])
      expect(await field(ids)).toMatchObject({
        code: "invalid_input",
        field: "media_ids",
        message: expect.stringMatching(words),
      });
    expect(await mediaOf(message)).toHaveLength(0);
    expect(await refusal(attach(randomUUID(), [good]))).toMatchObject({ code: "not_found" });
    expect(await refusal(attach(message, [good], neighbour.id))).toMatchObject({ code: "not_found" });
    expect(await refusal(attach(inbound, [good]))).toMatchObject({ code: "invalid_state" });
    await attach(message, [good]);
    expect(await refusal(attach(message, [good]))).toMatchObject({ code: "invalid_state" });
    await claimAll();
    const sending = await queueText("Again");
    await claimAll();
    expect(await refusal(attach(sending, [good]))).toMatchObject({ code: "invalid_state" });
  });

  test("with pictures costs the price of one message, whatever its length, and the daily limit counts it", async () => {
    await bench.sql`
      update public.sending_limits set segment_price = 0.5, carrier_fee = 0.5, mms_price = 3.5, daily_spending_limit = 9 where org_id = ${org.id}`;
    const room = async () =>
      Number((await bench.sql`select private.spending_room(${org.id}, ${AFTERNOON}) as room`)[0]?.room);
    expect(await room()).toBe(9);
    const message = await queueText("A long text. ".repeat(20).trim());
    expect((await messageOf(message))?.charged_segments).toBe(2);
    expect(await room()).toBe(7);
    await attach(message, [await upload()]);
    expect(await room()).toBe(5);
    const second = await queueText("Second");
    await attach(second, [await upload()]);
    expect(await room()).toBe(1);
    const third = await queueText("Third");
    expect(await refusal(attach(third, [await upload()]))).toMatchObject({ code: "spending_limit_reached" });
    expect(await mediaOf(third)).toHaveLength(0);
    const sends = await claimAll();
    await settle(
      bench.a.sql,
      sends.map(({ attempt_id }) => accepted(attempt_id)),
      AFTERNOON,
    );
    expect((await messageOf(message))?.cost).toBe(4);
    expect((await messageOf(third))?.cost).toBe(1);
    const [spent] = await bench.sql`select private.spent_today(${org.id}, ${AFTERNOON})::float as spent`;
    expect(spent?.spent).toBe(9);
  });

  test("of a campaign has none, and its claim looks for none", async () => {
    await arrangeLeads(bench.db, org.id, 3);
    await arrangeCampaign(bench.db, org);
    expect(await plan(bench.a.sql, AFTERNOON)).toBeGreaterThan(0);
    await makeDue(bench.sql);
    await bench.a.begin();
    const before = await scans();
    const sends = (await claim(bench.a.sql, { now: AFTERNOON })) as WithMedia[];
    expect(sends.length).toBeGreaterThan(0);
    expect(sends.filter(({ media_ids }) => media_ids !== null)).toEqual([]);
    expect(await scans()).toBe(before);
    await bench.a.rollback();
  });
  /** How often this transaction read the table of files, in any way. */
  async function scans(): Promise<number> {
    const [row] = await bench.a.sql`
      select (pg_stat_get_xact_numscans('public.message_media'::regclass) + sum(pg_stat_get_xact_numscans(i.indexrelid)))::int as n
      from pg_index i where i.indrelid = 'public.message_media'::regclass`;
    return row?.n;
  }
});

describe("an upload", () => {
  const begin = (type: unknown = "image/png", bytes: unknown = 9, sha: unknown = SHA, session = user) =>
    session.sql`select private.begin_media_upload(${type as string}, ${bytes as number}, ${sha as string}, ${AFTERNOON}) ->> 'id' as id`;
  test("is checked in SQL, whoever calls", async () => {
    for (const [type, bytes, sha] of [
      ["image/webp", 9, SHA],
      ["text/html", 9, SHA],
      [null, 9, SHA],
      ["image/png", 0, SHA],
      ["image/png", -1, SHA],
      ["image/png", 5_242_881, SHA],
      ["image/png", null, SHA],
      ["image/png", 9, "g".repeat(64)],
      ["image/png", 9, "0".repeat(65)],
      ["image/png", 9, null],
    ])
      expect(await refusal(begin(type, bytes, sha))).toMatchObject({ code: "invalid_input", field: "file" });
    const [row] = await begin();
    expect(await refusal(user.sql`select private.finish_media_upload(${row?.id})`)).toMatchObject({
      code: "invalid_state",
    });
    await bench.sql`insert into storage.objects (bucket_id, name, metadata) values ('media', ${`${org.id}/${row?.id}`}, '{"size": 8}')`;
    expect(await refusal(user.sql`select private.finish_media_upload(${row?.id})`)).toMatchObject({
      code: "invalid_state",
    });
    await bench.sql`update storage.objects set metadata = '{"size": 9}' where name = ${`${org.id}/${row?.id}`}`;
    const stranger = await signedIn(bench.db, neighbour.adminId);
    expect(await refusal(stranger.sql`select private.finish_media_upload(${row?.id})`)).toMatchObject({
      code: "not_found",
    });
    await stranger.end();
    await user.sql`select private.finish_media_upload(${row?.id})`;
    await user.sql`select private.finish_media_upload(${row?.id})`;
    await addAdmin(bench.sql, org.id);
    await bench.sql`update public.users set role = 'viewer' where id = ${org.adminId}`;
    expect(await refusal(begin())).toMatchObject({ code: "forbidden" });
  });

  test("is refused beyond the organisation's room, with what is announced, and beyond 500 that are in no text", async () => {
    await bench.sql`insert into private.storage_quotas (org_id, bytes) values (${org.id}, 100)`;
    await begin("image/png", 60);
    expect(await refusal(begin("image/png", 60))).toMatchObject({ code: "storage_full" });
    await bench.sql`update private.storage_quotas set bytes = 1000000 where org_id = ${org.id}`;
    await bench.sql`
      insert into public.message_media (org_id, direction, created_at) select ${org.id}, 'outbound', ${AFTERNOON} from generate_series(1, 499)`;
    expect(await refusal(begin())).toMatchObject({ code: "rate_limited" });
  });
});

describe("a file that a person sends", () => {
  test("is noted once, ten of a message at most", async () => {
    const urls = [
      "",
      "https://x.example/".padEnd(2_001, "x"),
      ...Array.from({ length: 10 }, (_, i) => `https://x.example/${i}`),
    ];
    const message = await receive(urls);
    const rows =
      await bench.sql`select ordinal, state, reason from public.message_media where message_id = ${message} order by ordinal`;
    expect(rows.map(({ state }) => state)).toEqual([
      "refused",
      "refused",
      ...Array(8).fill("pending"),
      "refused",
      "refused",
    ]);
    const [queued] = await bench.sql`select count(*)::int as n from pgmq.q_media`;
    expect(queued?.n).toBe(8);
    expect(await messageOf(message)).toMatchObject({ has_media: true, kind: "inbound" });
  });

  test("whose worker dies comes again, and is given up after six", async () => {
    const message = await receive(["https://api.twilio.com/x"]);
    for (let i = 0; i < 6; i++) {
      expect(await claimMedia()).toMatchObject({
        url: "https://api.twilio.com/x",
        account_sid: org.accountSid,
      });
      expect(await claimMedia()).toBeNull();
      await bench.sql`update pgmq.q_media set vt = clock_timestamp()`;
    }
    expect(await claimMedia()).toBeNull();
    const [row] =
      await bench.sql`select state, reason, path from public.message_media where message_id = ${message}`;
    expect(row).toEqual({ state: "gone", reason: "Fetching it ended the worker each time.", path: null });
    expect((await messageOf(message))?.needs_attention).toMatch(/could not be fetched: Fetching it/);
    // What one of them may have stored is removed, later than any of them lives.
    expect(await removals()).toHaveLength(1);
  });

  test("is settled by one worker alone, and not after it was erased", async () => {
    await receive(["https://api.twilio.com/x", "https://api.twilio.com/y"]);
    const work = await claimMedia();
    expect(await settleMedia(work, "stored")).toBe("stored");
    expect(await settleMedia(work, "refused")).toBe("settled_before");
    const other = await claimMedia();
    await bench.sql`delete from public.message_media where id = ${other.media_id}`;
    await bench.sql`delete from pgmq.q_file_removals`;
    expect(await settleMedia(other, "stored")).toBe("unknown");
    expect(await removals()).toEqual([`${org.id}/${other.media_id}`]);
  });

  test("of which an organisation has thousands does not delay another's", async () => {
    const message = await receive(["https://api.twilio.com/x"]);
    await bench.sql`
      select private.send_work('media', ${org.id}, jsonb_build_object('media_id', m.id)) from public.message_media m, generate_series(1, 3000)
      where m.message_id = ${message}`;
    await claimMedia();
    await receive(["https://api.twilio.com/y"], neighbour);
    const next = [await claimMedia(), await claimMedia()].map((work) => work.org_id);
    expect(next).toContain(neighbour.id);
  });

  test("that was claimed and not begun counts as not tried", async () => {
    const message = await receive(["https://api.twilio.com/x"]);
    const work = await claimMedia();
    await bench.a.sql`select private.postpone_media(${work.work_id}, ${work.media_id})`;
    const [row] = await bench.sql`
      select m.attempts, q.read_ct from public.message_media m, pgmq.q_media q where m.message_id = ${message}`;
    expect(row).toEqual({ attempts: 0, read_ct: 0 });
  });
});

describe("files go", () => {
  const prune = (now: Date, limit = 5_000) =>
    bench.holder.sql`select private.prune_media(${now}, ${limit}) as n`.then(([row]) => row?.n as number);
  const used = async (id: string) =>
    (await bench.a.sql`select private.is_media_used(${`${org.id}/${id}`}) as used`)[0]?.used;

  test("when no text was sent with them for a day, and after two years, in steps; a shared one with the last", async () => {
    await bench.sql`delete from public.message_media`;
    await bench.sql`delete from pgmq.q_file_removals`;
    const [kept, loose] = [await upload(), await upload()];
    const first = await queueText("One");
    await attach(first, [kept]);
    expect(await prune(later(AFTERNOON, DAY - 60))).toBe(0);
    expect(await prune(later(AFTERNOON, DAY + 60))).toBe(1);
    expect(await removals()).toEqual([`${org.id}/${loose}`]);
    expect([await used(kept), await used(loose)]).toEqual([true, false]);

    const second = await queueText("Two");
    await attach(second, [kept]);
    await bench.sql`update public.message_media set created_at = ${later(AFTERNOON, DAY)} where message_id = ${second}`;
    const twoYears = later(AFTERNOON, 731 * DAY + 3_600);
    expect(await prune(twoYears)).toBe(1);
    expect(await used(kept)).toBe(true);
    expect(await prune(later(twoYears, 2 * DAY))).toBe(1);
    expect(await used(kept)).toBe(false);

    for (let i = 0; i < 5; i++) await upload();
    expect([await prune(twoYears, 2), await prune(twoYears, 2), await prune(twoYears, 2)]).toEqual([2, 2, 1]);
  });

  test("with their person, with Twilio's copies, of texts in and out, and of nobody else", async () => {
    const urls = ["https://api.twilio.com/x", "https://api.twilio.com/y"];
    const inbound = await receive(urls, org, lead.e164);
    await settleMedia(await claimMedia(), "stored");
    const stored = (
      await bench.sql`select path from public.message_media where state = 'stored' and message_id = ${inbound}`
    )[0]?.path;
    const id = await upload();
    const sent = await queueText();
    await attach(sent, [id]);
    const [send] = await claimAll();
    await settle(bench.a.sql, [accepted(send?.attempt_id as string, `MM${"a".repeat(32)}`)], AFTERNOON);
    const others = await receive(urls, org, phoneAt(906));
    const [row] =
      await user.sql`select private.erase_lead(${lead.id}, ${lead.e164}, '{}', ${AFTERNOON}) as done`;
    expect(row?.done.erased).toMatchObject({ media: 3 });
    expect(await mediaOf(inbound)).toHaveLength(0);
    expect(await mediaOf(sent)).toHaveLength(0);
    expect(await mediaOf(others)).toHaveLength(2);
    expect(await removals()).toEqual(expect.arrayContaining([stored, `${org.id}/${id}`]));
    const copies =
      await bench.sql`select message ->> 'message_sid' as sid from pgmq.q_media where message ? 'message_sid' order by 1`;
    const [sid] = await bench.sql`select provider_sid from public.messages where id = ${inbound}`;
    expect(copies.map((copy) => copy.sid).sort()).toEqual([sid?.provider_sid, `MM${"a".repeat(32)}`].sort());

    // Twilio is asked again, ten times, and then no more.
    await bench.sql`delete from pgmq.q_media where not message ? 'message_sid' or message ->> 'message_sid' <> ${`MM${"a".repeat(32)}`}`;
    let tries = 0;
    for (let work = await claimMedia(); work; work = await claimMedia()) {
      expect(work).toMatchObject({
        message_sid: `MM${"a".repeat(32)}`,
        account_sid: org.accountSid,
        tries: tries++,
      });
      await bench.a.sql`
        select private.settle_provider_media(${work.work_id}, ${org.id}, ${work.message_sid}, ${work.tries}, false)`;
      await bench.sql`update pgmq.q_media set vt = clock_timestamp()`;
    }
    expect(tries).toBe(11);
  });
});
