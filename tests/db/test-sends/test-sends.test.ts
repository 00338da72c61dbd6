// Test phones and test sends at hours and days that the test chooses: codes, limits, hours, opt-outs, money, figures.
import { beforeEach, describe, expect, it } from "vitest";
import {
  AFTERNOON,
  type ArrangedOrg,
  arrangeOrg,
  later,
  phoneAt,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import { accepted, claim, makeDue, receipt, settle, writeStop } from "../../fixtures/drive-sending.ts";
import type { Session } from "../../fixtures/open-session.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
let user: Session;
let phones = 0;
beforeEach(async () => {
  await bench.clear();
  await user?.rollback().then(() => user.end());
  org = await arrangeOrg(bench.db);
  user = await signedIn(bench.db, org.adminId);
});

/** Three in the morning, Central. */
const NIGHT = new Date("2026-06-11T08:00:00Z");
const DAY = 86_400;

/** What a call answered, or its error's code and, if it has one, its hint. */
const outcome = (call: Promise<unknown>) =>
  call.then(
    () => "done",
    (error: { code: string; hint?: string }) => error.hint ?? error.code,
  );
async function add(
  e164 = phoneAt(phones++),
  now = AFTERNOON,
  session = user,
): Promise<{ id: string; e164: string }> {
  const [row] = await session.sql`select private.add_test_phone(${e164}, null, ${now}) as id`;
  return { id: row?.id, e164 };
}
const codeOf = async (e164: string) => {
  const [row] = await bench.sql`
    select content from public.messages where org_id = ${org.id} and to_number = ${e164} and kind = 'code'
    order by created_at desc, id desc limit 1`;
  return /\b\d{6}\b/.exec(row?.content)?.[0] as string;
};
const wrong = (code: string) => (code === "000000" ? "000001" : "000000");
async function confirm(id: string, code: string, now = AFTERNOON) {
  const [row] = await user.sql`select private.confirm_test_phone(${id}, ${code}, ${now}) as answer`;
  return row?.answer as { confirmed: boolean; tries_left: number | null };
}
async function confirmed(): Promise<string> {
  const { id, e164 } = await add();
  expect((await confirm(id, await codeOf(e164))).confirmed).toBe(true);
  return e164;
}
const VALUES = { first_name: "Ana" };
async function send(to: string, now = later(AFTERNOON, 120), values: object = VALUES, session = user) {
  const [row] = await session.sql`
    select private.send_test(${org.templateId}, ${to}, null, ${session.sql.json(values as never)}, ${now}) as answer`;
  return row?.answer as { message_id: string; deduplicated: boolean };
}

describe("a test phone", () => {
  it("is confirmed by its code alone, and the code is shown to nobody", async () => {
    const { id, e164 } = await add();
    const code = await codeOf(e164);
    expect(await confirm(id, wrong(code))).toEqual({ confirmed: false, tries_left: 4 });
    expect(await user.sql`select 1 from public.messages where to_number = ${e164}`).toEqual([]);
    expect(await outcome(user.sql`select 1 from private.test_codes`)).toBe("42501");
    expect((await confirm(id, code)).confirmed).toBe(true);
    const [row] = await user.sql`select confirmed_at from public.test_phones where id = ${id}`;
    expect(row?.confirmed_at).toEqual(AFTERNOON);
  });

  it("has five tries and ten minutes for a code, and the next code voids the last", async () => {
    const { id, e164 } = await add();
    const first = await codeOf(e164);
    for (let left = 4; left >= 0; left--) expect((await confirm(id, wrong(first))).tries_left).toBe(left);
    expect(await outcome(confirm(id, first))).toBe("invalid_state");
    expect(await outcome(user.sql`select private.resend_test_code(${id}, ${later(AFTERNOON, 59)})`)).toBe(
      "rate_limited",
    );
    await user.sql`select private.resend_test_code(${id}, ${later(AFTERNOON, 61)})`;
    const second = await codeOf(e164);
    if (second !== first) expect((await confirm(id, first, later(AFTERNOON, 62))).confirmed).toBe(false);
    expect(await outcome(confirm(id, second, later(AFTERNOON, 61 + 600)))).toBe("invalid_state");
    expect((await confirm(id, second, later(AFTERNOON, 61 + 599))).confirmed).toBe(true);
  });

  it("gets five codes a day, also if it is removed and added again", async () => {
    const e164 = phoneAt(phones++);
    for (let n = 0; n < 5; n++) {
      const { id } = await add(e164, later(AFTERNOON, n * 61));
      await user.sql`select private.remove_test_phone(${id})`;
    }
    expect(await outcome(add(e164, later(AFTERNOON, 600)))).toBe("rate_limited");
    expect(await outcome(add(e164, later(AFTERNOON, DAY + 400)))).toBe("done");
  });

  it("is one of twenty at most, once each, and no number to send from", async () => {
    const { e164 } = await add();
    expect(await outcome(add(e164))).toBe("duplicate");
    expect(await outcome(add(org.numbers[0]?.e164))).toBe("invalid_input");
    for (const bad of ["", "5125550100", "+15125550", "+441234567890", "+19995550100", null])
      expect([bad, await outcome(add(bad as string))]).toEqual([bad, "invalid_input"]);
    for (let n = 1; n < 20; n++) await add();
    expect(await outcome(add())).toBe("invalid_state");
  });

  it("is refused with the reason if it may not be written to", async () => {
    const e164 = phoneAt(phones++);
    await writeStop(bench.a.sql, org.accountSid, e164, org.numbers[0]?.e164 as string, AFTERNOON);
    expect(await outcome(add(e164))).toBe("opted_out");
    expect(await outcome(add(phoneAt(phones++), NIGHT))).toBe("outside_hours");
    const invalid = phoneAt(phones++);
    await bench.sql`insert into private.contacts (org_id, e164, invalid_at, invalid_reason)
      values (${org.id}, ${invalid}, now(), 'landline')`;
    expect(await outcome(add(invalid))).toBe("invalid_state");
    await bench.sql`update public.phone_numbers set status = 'paused' where org_id = ${org.id}`;
    expect(await outcome(add())).toBe("no_phone_numbers");
  });
});

describe("a test send", () => {
  it("goes to confirmed phones only, with every value that the text needs", async () => {
    const to = await confirmed();
    const { e164 } = await add();
    expect(await outcome(send(e164))).toBe("invalid_state");
    expect(await outcome(send(phoneAt(phones++)))).toBe("invalid_input");
    expect(await outcome(send(to, undefined, { nombre: "x" }))).toBe("invalid_input");
    expect(await outcome(send(to, undefined, { first_name: "a\nb" }))).toBe("invalid_input");
    expect(await outcome(send(to, undefined, { first_name: 7 }))).toBe("invalid_input");
    await bench.sql`update public.templates set content = '{acreage} {brand}', required_variables = '{acreage,brand}',
      variables = '{acreage,brand}', category = 'custom' where id = ${org.templateId}`;
    expect(await outcome(send(to))).toBe("invalid_input");
    expect(await outcome(send(to, undefined, { Acres: "🙂" }))).toBe("done");
  });

  it("is once for a request that comes twice, and ten a day, however they come", async () => {
    const to = await confirmed();
    const start = later(AFTERNOON, 120);
    const first = await send(to, start);
    expect(await send(to, later(start, 59))).toEqual({ ...first, deduplicated: true });
    for (let n = 1; n < 9; n++)
      expect((await send(to, later(start, n), { first_name: `Ana ${n}` })).deduplicated).toBe(false);
    // Two at once for the last one.
    const other = await signedIn(bench.db, org.adminId);
    const both = await Promise.all([
      outcome(send(to, later(start, 10), { first_name: "Eva" })),
      outcome(send(to, later(start, 10), { first_name: "Ida" }, other)),
    ]);
    await other.end();
    expect(both.sort()).toEqual(["done", "rate_limited"]);
    expect(await outcome(send(to, later(AFTERNOON, DAY)))).toBe("done");
  });

  it("is refused outside lawful hours, and held at the claim if they end meanwhile", async () => {
    const to = await confirmed();
    expect(await outcome(send(to, NIGHT))).toBe("outside_hours");
    await bench.clear();
    const { message_id } = await send(to);
    await makeDue(bench.sql);
    expect(await claim(bench.a.sql, { now: NIGHT })).toEqual([]);
    const [row] = await bench.sql`select status::text from public.messages where id = ${message_id}`;
    expect(row?.status).toBe("queued");
  });

  it("is not claimed once the phone opted out", async () => {
    const to = await confirmed();
    await bench.clear();
    const { message_id } = await send(to);
    await writeStop(bench.a.sql, org.accountSid, to, org.numbers[0]?.e164 as string, later(AFTERNOON, 121));
    await makeDue(bench.sql);
    const claims = await claim(bench.a.sql, { now: later(AFTERNOON, 122) });
    expect(claims.map((one) => one.message_id)).not.toContain(message_id);
    expect(await outcome(send(to, later(AFTERNOON, 200)))).toBe("opted_out");
  });

  it("obeys the spending limit, with tests that are still queued", async () => {
    const to = await confirmed();
    await bench.clear();
    await bench.sql`update public.sending_limits set segment_price = 1, carrier_fee = 0, daily_spending_limit = 2 where org_id = ${org.id}`;
    expect(await outcome(send(to))).toBe("done");
    expect(await outcome(send(to, later(AFTERNOON, 121), { first_name: "Eva" }))).toBe("done");
    expect(await outcome(send(to, later(AFTERNOON, 122), { first_name: "Ida" }))).toBe(
      "spending_limit_reached",
    );
  });

  it("is charged, and counts in no figure of numbers", async () => {
    const to = await confirmed();
    await bench.clear();
    const { message_id } = await send(to);
    await makeDue(bench.sql);
    const now = later(AFTERNOON, 121);
    const [sent] = await claim(bench.a.sql, { now });
    expect([sent?.message_id, sent?.kind]).toEqual([message_id, "test"]);
    const result = accepted(sent?.attempt_id as string);
    await settle(bench.a.sql, [result], now);
    const given = {
      messageId: message_id,
      attemptId: sent?.attempt_id as string,
      sid: result.provider_sid as string,
    };
    await receipt(bench.a.sql, org.id, { ...given, status: "undelivered", code: 30007 }, later(now, 1));
    const [row] =
      await bench.sql`select status::text, cost::float8, campaign_id from public.messages where id = ${message_id}`;
    expect(row).toMatchObject({ status: "undelivered", campaign_id: null });
    expect(row?.cost).toBeGreaterThan(0);
    const [spent] = await bench.sql`select private.spent_today(${org.id}, ${later(now, 2)})::float8 as cost`;
    expect(spent?.cost).toBeCloseTo(row?.cost, 5);
    await bench.sql`select private.fold_accepted(${org.id})`;
    const number = sent?.from_number as string;
    const [window] = await bench.sql`
      select w.* from public.phone_numbers n cross join lateral private.number_window(n, ${later(now, 600)}) w
      where n.org_id = ${org.id} and n.e164 = ${number}`;
    expect(window).toEqual({ sent: 0, filtered: 0 });
    await bench.sql`select private.count_outcomes(${org.id}, date_trunc('hour', ${now}::timestamptz))`;
    expect(await bench.sql`select 1 from private.number_outcomes where org_id = ${org.id}`).toEqual([]);
  });
});
