// Steps that go from one phone of a lead to the next: which phones are tried, and what ends it.
import { beforeEach, describe, expect, test } from "vitest";
import {
  AFTERNOON,
  type ArrangedLead,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  later,
  phoneAt,
} from "../../fixtures/arrange-sending.ts";
import {
  addPhone,
  arrangeDrip,
  claimed,
  DAY,
  HOUR,
  readTargets,
  write,
} from "../../fixtures/arrange-steps.ts";
import { checkFigures } from "../../fixtures/check-figures.ts";
import {
  claim,
  makeDue,
  plan,
  receipt,
  rejected,
  sendAll,
  settle,
  writeStop,
} from "../../fixtures/drive-sending.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
let lead: ArrangedLead;
let two: string;
let three: string;
let used = 1799;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db, { mps: 1000, numbers: 1 });
  [lead] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
  // From the end of the list: the leads' first phones are from its beginning.
  [two, three] = [phoneAt(used--), phoneAt(used--)];
  await addPhone(bench.db, org.id, lead.id, two);
  await addPhone(bench.db, org.id, lead.id, three, { role: "alternate" });
});

const NEXT = { kind: "next_phone" as const };
const send = (now: Date) => sendAll(bench.a.sql, bench.sql, now);
const phones = async (now: Date) =>
  (await send(now)).filter(({ kind }) => kind === "campaign").map(({ to_number }) => to_number);
const change = (e164: string, fields: Record<string, unknown>) =>
  bench.sql`update public.lead_phones set ${bench.sql(fields)} where org_id = ${org.id} and e164 = ${e164}`;

test("each phone has its turn, with the first step's text; after the third there is no other", async () => {
  const drip = await arrangeDrip(bench.db, org, [NEXT, NEXT]);
  expect(await phones(AFTERNOON)).toEqual([lead.e164]);
  expect(await phones(later(AFTERNOON, DAY - 1))).toEqual([]);
  expect(await phones(later(AFTERNOON, DAY))).toEqual([two]);
  expect(await phones(later(AFTERNOON, 2 * DAY))).toEqual([three]);
  const texts = await bench.sql`select distinct template_id from public.messages where campaign_id = ${drip}`;
  expect(texts).toEqual([{ template_id: org.templateId }]);
  await bench.sql`select private.finish_campaigns(${later(AFTERNOON, 2 * DAY)}, ${org.id})`;
  expect(await bench.sql`select status::text from public.campaigns where id = ${drip}`).toEqual([
    { status: "completed" },
  ]);
  expect(await checkFigures(bench, org.id)).toEqual([]);
});

test("a text after it goes to the phone that was tried last", async () => {
  await arrangeDrip(bench.db, org, [{}, NEXT, {}]);
  const got = [];
  for (let day = 0; day < 6; day++) got.push(...(await phones(later(AFTERNOON, day * DAY))));
  expect(got).toEqual([lead.e164, lead.e164, two, two]);
});

describe("a phone that is not allowed is passed over:", () => {
  test.each([
    ["a landline", () => change(two, { line_type: "landline", line_type_source: "manual" })],
    ["an invalid one", () => change(two, { is_valid: false, invalid_reason: "x" })],
    ["one that denied consent", () => change(two, { consent_status: "denied" })],
    [
      "one that opted out",
      () => writeStop(bench.b.sql, org.accountSid, two, org.numbers[0]?.e164 ?? "", AFTERNOON),
    ],
    [
      "one to which another campaign wrote lately",
      () =>
        bench.sql`insert into private.contacts (org_id, e164, last_sent_at, last_campaign_id)
          values (${org.id}, ${two}, ${later(AFTERNOON, -HOUR)}, gen_random_uuid())`,
    ],
    [
      "one of another lead of the campaign",
      async () => {
        const [other] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
        await bench.sql`update public.lead_phones set e164 = ${two} where lead_id = ${other.id}`;
      },
    ],
  ])("%s", async (_what, arrange) => {
    await arrange();
    await arrangeDrip(bench.db, org, [NEXT]);
    const first = await phones(AFTERNOON);
    expect(first).toContain(lead.e164);
    expect(await phones(later(AFTERNOON, DAY))).toEqual([three]);
  });

  test("one that changed after its turn was fixed is not written to", async () => {
    const drip = await arrangeDrip(bench.db, org, [NEXT]);
    await send(AFTERNOON);
    await change(two, { line_type: "landline", line_type_source: "manual" });
    expect(await phones(later(AFTERNOON, DAY))).toEqual([]);
    expect(await readTargets(bench, drip)).toContain(`${two} 2 canceled landline`);
  });

  test("the audience begins with the first phone that is neither a landline nor invalid", async () => {
    await change(lead.e164, { line_type: "landline", line_type_source: "manual" });
    const drip = await arrangeDrip(bench.db, org, [NEXT]);
    expect(await readTargets(bench, drip)).toEqual([`${lead.e164} 1 excluded landline`, `${two} 1 waiting`]);
    expect(await phones(AFTERNOON)).toEqual([two]);
    expect(await phones(later(AFTERNOON, DAY))).toEqual([three]);
  });

  test("nobody is written to at another phone whose first phone opted out", async () => {
    await writeStop(bench.b.sql, org.accountSid, lead.e164, org.numbers[0]?.e164 ?? "", AFTERNOON);
    const drip = await arrangeDrip(bench.db, org, [NEXT]);
    expect(await readTargets(bench, drip)).toEqual([`${lead.e164} 1 excluded suppressed`]);
  });
});

describe("what the person writes from one phone", () => {
  test.each([
    ["a reply", {}, "replied"],
    ["no interest", { cls: "not_interested" }, "not_interested"],
    [
      "that the land is not theirs",
      { kind: "wrong_number", rule: "wrong_number.en.not mine" },
      "wrong_number",
    ],
    ["STOP", { kind: "stop" }, "opted_out"],
  ])("(%s) ends the others", async (_what, answer, reason) => {
    const drip = await arrangeDrip(bench.db, org, [NEXT]);
    await send(AFTERNOON);
    await write(bench.b.sql, org, lead.e164, answer, later(AFTERNOON, HOUR));
    expect((await readTargets(bench, drip)).at(-1)).toBe(`${two} 2 canceled ${reason}`);
    expect(await phones(later(AFTERNOON, DAY))).toEqual([]);
  });

  test("that the number is wrong does not: the next phone is tried, and other texts to this one are not", async () => {
    const drip = await arrangeDrip(bench.db, org, [{}, NEXT]);
    await send(AFTERNOON);
    await write(
      bench.b.sql,
      org,
      lead.e164,
      { kind: "wrong_number", rule: "wrong_number.en.not him" },
      later(AFTERNOON, HOUR),
    );
    expect(await readTargets(bench, drip)).toEqual([
      `${lead.e164} 1 sent`,
      `${lead.e164} 2 canceled wrong_number`,
      `${two} 3 waiting`,
    ]);
    expect(await phones(later(AFTERNOON, DAY + HOUR))).toEqual([two]);
    await write(bench.b.sql, org, two, {}, later(AFTERNOON, DAY + 2 * HOUR));
    expect(await checkFigures(bench, org.id)).toEqual([]);
  });

  test("an answer that is to be read first holds the other phones too", async () => {
    const drip = await arrangeDrip(bench.db, org, [NEXT]);
    await send(AFTERNOON);
    await write(bench.b.sql, org, lead.e164, { cls: "review", holds: true }, later(AFTERNOON, HOUR));
    expect(await phones(later(AFTERNOON, DAY))).toEqual([]);
    expect((await readTargets(bench, drip)).at(-1)).toBe(`${two} 2 waiting`);
  });

  test("an answer from the first phone that is not committed puts the claim of the second off", async () => {
    const drip = await arrangeDrip(bench.db, org, [NEXT]);
    await send(AFTERNOON);
    expect(await plan(bench.a.sql, later(AFTERNOON, DAY))).toBe(1);
    await makeDue(bench.sql);
    // Holds only the first phone's contact: it has not come to the steps yet.
    await bench.b.begin();
    await bench.holder.begin();
    await bench.holder
      .sql`select 1 from private.contacts where org_id = ${org.id} and e164 = ${lead.e164} for no key update`;
    const answer = write(bench.b.sql, org, lead.e164, {}, later(AFTERNOON, DAY));
    await bench.b.blocked(bench.holder);
    expect(await claimed(bench.a.sql, later(AFTERNOON, DAY + 1))).toEqual([]);
    await bench.holder.commit();
    await answer;
    await bench.b.commit();
    await makeDue(bench.sql);
    expect(await claimed(bench.a.sql, later(AFTERNOON, DAY + 3))).toEqual([]);
    expect((await readTargets(bench, drip)).at(-1)).toBe(`${two} 2 canceled replied`);
  });
});

describe("a phone that turns out to be dead", () => {
  test("when Twilio refuses it: the next phone comes, without its other texts", async () => {
    const drip = await arrangeDrip(bench.db, org, [{}, NEXT]);
    await plan(bench.a.sql, AFTERNOON);
    await makeDue(bench.sql);
    const [one] = await claim(bench.a.sql, { now: AFTERNOON });
    await settle(bench.a.sql, [rejected(one?.attempt_id ?? "", 21211)], AFTERNOON);
    expect(await readTargets(bench, drip)).toEqual([
      `${lead.e164} 1 failed invalid_phone`,
      `${two} 3 waiting`,
    ]);
    expect(await phones(later(AFTERNOON, DAY))).toEqual([two]);
    expect(await checkFigures(bench, org.id)).toEqual([]);
  });

  test("when a receipt says so later: its other texts are canceled, the next phone comes", async () => {
    const drip = await arrangeDrip(bench.db, org, [{ waitHours: 48 }, NEXT]);
    const [one] = await send(AFTERNOON);
    if (!one) throw new Error("nothing was sent");
    const given = {
      messageId: one.message_id,
      attemptId: one.attempt_id,
      sid: one.sid,
      status: "undelivered",
      code: 30006,
    };
    await receipt(bench.b.sql, org.id, given, later(AFTERNOON, 10));
    expect(await phones(later(AFTERNOON, 2 * DAY))).toEqual([]);
    expect(await readTargets(bench, drip)).toEqual([
      `${lead.e164} 1 sent`,
      `${lead.e164} 2 canceled invalid_phone`,
      `${two} 3 waiting`,
    ]);
    expect(await phones(later(AFTERNOON, 3 * DAY))).toEqual([two]);
  });
});

test("hundreds of leads: each phone at most once, and those of a lead in their order", async () => {
  const leads = await arrangeLeads(bench.db, org.id, 300);
  for (const [i, one] of leads.entries())
    if (i % 3 > 0) await addPhone(bench.db, org.id, one.id, `+1512556${1000 + i}`);
  const drip = await arrangeDrip(bench.db, org, [NEXT, NEXT]);
  for (let day = 0; day < 3; day++)
    for (let round = 0; round < 5; round++) await send(later(AFTERNOON, day * DAY + round * 6));
  const [result] = await bench.sql`
    select count(*)::int as sent, count(distinct e164)::int as phones, count(*) filter (where step = 2)::int as second
    from public.campaign_targets where campaign_id = ${drip} and state = 'sent'`;
  expect(result).toEqual({ sent: 503, phones: 503, second: 201 });
  expect(await checkFigures(bench, org.id)).toEqual([]);
});

test("the two kinds of a broadcast are as they were: one phone, or all", async () => {
  for (const [kind, count] of [
    ["primary", 1],
    ["all", 3],
  ] as const) {
    const id = await arrangeCampaign(bench.db, org, { phones: kind, status: "ready" });
    expect(await readTargets(bench, id)).toHaveLength(count);
  }
});
