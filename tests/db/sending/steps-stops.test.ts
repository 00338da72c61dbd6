// What ends the steps of a person: answers by class, opt-outs, changes of the lead; and answers at the worst moments, forced by
// barriers.
import { beforeEach, describe, expect, test } from "vitest";
import {
  WRONG_NUMBER_EN,
  WRONG_NUMBER_ES,
} from "../../../supabase/functions/_shared/answers/rules/wrong-number.ts";
import {
  AFTERNOON,
  type ArrangedLead,
  type ArrangedOrg,
  arrangeLeads,
  arrangeOrg,
  later,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import {
  ALL_STOPS,
  type Answer,
  arrangeDrip,
  claimed,
  DAY,
  HOUR,
  readTargets,
  write,
} from "../../fixtures/arrange-steps.ts";
import { checkFigures } from "../../fixtures/check-figures.ts";
import { accepted, claim, makeDue, plan, sendAll, settle, writeStop } from "../../fixtures/drive-sending.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db, { mps: 1000, numbers: 1 });
});

const NEXT_DAY = later(AFTERNOON, DAY);
const send = (now: Date) => sendAll(bench.a.sql, bench.sql, now);
const second = async (drip: string) =>
  (await readTargets(bench, drip)).filter((line) => / [2-9] /.test(line));
/** What became of step 2 of a person who wrote so an hour after step 1. */
async function afterAnswer(answer: Answer, stopOn = ALL_STOPS): Promise<string> {
  const [lead] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
  const drip = await arrangeDrip(bench.db, org, [{ stopOn }]);
  await send(AFTERNOON);
  await write(bench.b.sql, org, lead.e164, answer, later(AFTERNOON, HOUR));
  await send(NEXT_DAY);
  return (await second(drip))[0]?.replace(`${lead.e164} 2 `, "") ?? "none";
}

describe("an answer", () => {
  const without = (...words: string[]) => ALL_STOPS.filter((word) => !words.includes(word));
  test.each<[string, Answer, string[], string]>([
    ["any reply", {}, ALL_STOPS, "canceled replied"],
    ["a question for help", { kind: "help" }, ALL_STOPS, "canceled replied"],
    ["a dislike", { kind: "reaction", cls: "disliked" }, ALL_STOPS, "canceled replied"],
    ["interest", { cls: "interested" }, ALL_STOPS, "canceled interested"],
    ["no interest", { cls: "not_interested" }, ALL_STOPS, "canceled not_interested"],
    ["a wrong number", { kind: "wrong_number" }, ALL_STOPS, "canceled wrong_number"],
    ["STOP", { kind: "stop" }, ALL_STOPS, "canceled opted_out"],
    ["a robot", { kind: "automatic" }, ALL_STOPS, "sent"],
    ["START", { kind: "start" }, ALL_STOPS, "sent"],
    ["a text to be read first", { cls: "review", holds: true }, ALL_STOPS, "waiting"],
    ["a reply, if that is switched off", {}, without("replied"), "sent"],
    ["interest, if only that counts", { cls: "interested" }, without("replied"), "canceled interested"],
    [
      "interest, if it is an answer as others",
      { cls: "interested" },
      without("interested"),
      "canceled replied",
    ],
    ["interest, if nothing counts", { cls: "interested" }, without("replied", "interested"), "sent"],
    [
      "no interest, whatever",
      { cls: "not_interested" },
      without("replied", "interested"),
      "canceled not_interested",
    ],
    ["a wrong number, whatever", { kind: "wrong_number" }, without("replied"), "canceled wrong_number"],
  ])("%s", async (_what, answer, stopOn, fate) => {
    expect(await afterAnswer(answer, stopOn)).toBe(fate);
  });

  test("cancels what waits at once, and so the campaign is completed at once", async () => {
    const leads = await arrangeLeads(bench.db, org.id, 2);
    const drip = await arrangeDrip(bench.db, org, [{}]);
    await send(AFTERNOON);
    for (const { e164 } of leads) await write(bench.b.sql, org, e164, {}, later(AFTERNOON, 60));
    await bench.sql`select private.finish_campaigns(${later(AFTERNOON, 61)}, ${org.id})`;
    const [campaign] = await bench.sql`select status::text from public.campaigns where id = ${drip}`;
    expect(campaign?.status).toBe("completed");
    const user = await signedIn(bench.db, org.adminId);
    const [reasons] = await user.sql`select public.campaign_reasons(${drip}) as reasons`;
    await user.end();
    expect(reasons?.reasons).toEqual({ excluded: {}, canceled: { replied: 2 }, failed: {} });
    expect(await checkFigures(bench, org.id)).toEqual([]);
  });

  test("that came before the worker recorded the sending counts, and one from before the campaign does not", async () => {
    const [quick, earlier] = (await arrangeLeads(bench.db, org.id, 2)) as [ArrangedLead, ArrangedLead];
    await write(bench.b.sql, org, earlier.e164, {}, later(AFTERNOON, -60));
    const drip = await arrangeDrip(bench.db, org, [{}]);
    await plan(bench.a.sql, AFTERNOON);
    await makeDue(bench.sql);
    const sends = await claim(bench.a.sql, { now: AFTERNOON });
    // Twilio had it, the person answered, and only then the worker reports the batch.
    await write(bench.b.sql, org, quick.e164, {}, later(AFTERNOON, 1));
    await settle(
      bench.a.sql,
      sends.map((one) => accepted(one.attempt_id)),
      later(AFTERNOON, 3),
    );
    expect(await send(later(NEXT_DAY, 3))).toHaveLength(1);
    expect(await second(drip)).toEqual(
      expect.arrayContaining([`${quick.e164} 2 canceled replied`, `${earlier.e164} 2 sent`]),
    );
  });

  test("stays the latest if a text that came before it is recorded after it", async () => {
    const [lead] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
    await write(bench.b.sql, org, lead.e164, { kind: "automatic" }, later(AFTERNOON, HOUR));
    await write(bench.b.sql, org, lead.e164, { kind: "automatic" }, AFTERNOON);
    const [contact] =
      await bench.sql`select last_inbound_at from private.contacts where org_id = ${org.id} and e164 = ${lead.e164}`;
    expect(contact?.last_inbound_at).toEqual(later(AFTERNOON, HOUR));
  });

  test("to a later step ends the steps after it", async () => {
    const [lead] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
    const drip = await arrangeDrip(bench.db, org, [{}, {}, {}]);
    await send(AFTERNOON);
    await send(NEXT_DAY);
    await write(bench.b.sql, org, lead.e164, {}, later(NEXT_DAY, HOUR));
    expect(await send(later(AFTERNOON, 2 * DAY))).toEqual([]);
    expect(await readTargets(bench, drip)).toEqual([
      `${lead.e164} 1 sent`,
      `${lead.e164} 2 sent`,
      `${lead.e164} 3 canceled replied`,
    ]);
  });
});

describe("a held answer", () => {
  test.each([
    ["automatic", "sent"],
    ["reply", "canceled replied"],
    ["not_interested", "canceled not_interested"],
    ["deceased", "canceled deceased"],
    ["stop", "canceled opted_out"],
  ])("reviewed as %s: %s", async (cls, fate) => {
    const [lead] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
    const drip = await arrangeDrip(bench.db, org, [{}]);
    await send(AFTERNOON);
    await write(bench.b.sql, org, lead.e164, { cls: "review", holds: true }, later(AFTERNOON, HOUR));
    expect(await send(NEXT_DAY)).toEqual([]);
    const user = await signedIn(bench.db, org.adminId);
    const [message] = await bench.sql`select id from public.messages where from_number = ${lead.e164}`;
    await user.sql`select private.review_answer(${message?.id}, ${cls}, ${later(NEXT_DAY, HOUR)})`;
    await user.end();
    await send(later(AFTERNOON, 2 * DAY));
    expect(await second(drip)).toEqual([`${lead.e164} 2 ${fate}`]);
  });

  test("that is released does not make a step due before its wait is over", async () => {
    const [lead] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
    await arrangeDrip(bench.db, org, [{ waitHours: 72 }]);
    await send(AFTERNOON);
    await write(bench.b.sql, org, lead.e164, { cls: "review", holds: true }, later(AFTERNOON, HOUR));
    const user = await signedIn(bench.db, org.adminId);
    const [message] = await bench.sql`select id from public.messages where from_number = ${lead.e164}`;
    await user.sql`select private.review_answer(${message?.id}, 'automatic', ${later(AFTERNOON, 2 * HOUR)})`;
    await user.end();
    expect(await send(NEXT_DAY)).toEqual([]);
    expect(await send(later(AFTERNOON, 3 * DAY))).toHaveLength(1);
  });
});

test.each([
  ["status = 'do_not_contact'", "do_not_contact"],
  ["consent_status = 'denied'", "no_consent"],
  ["deleted_at = now()", "lead_deleted"],
  ["status = 'interested'", "interested"],
  ["status = 'not_interested'", "not_interested"],
  ["status = 'qualified'", "converted"],
  ["status = 'appointment'", "converted"],
  ["status = 'contract'", "converted"],
  ["status = 'closed'", "converted"],
])("a lead that people changed since (%s) gets no further step", async (change, reason) => {
  const [lead] = (await arrangeLeads(bench.db, org.id, 1, { status: "contacted" })) as [ArrangedLead];
  const drip = await arrangeDrip(bench.db, org, [{}]);
  await send(AFTERNOON);
  await bench.sql.unsafe(`update public.leads set ${change} where id = '${lead.id}'`);
  // Changes are dated by the clock; the campaign is of a day in the past or the future.
  await bench.sql`update public.lead_events set created_at = ${later(AFTERNOON, HOUR)} where lead_id = ${lead.id}`;
  expect(await send(NEXT_DAY)).toEqual([]);
  expect(await second(drip)).toEqual([`${lead.e164} 2 canceled ${reason}`]);
});

test("a status from before the campaign ends nothing", async () => {
  const [lead] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
  await bench.sql`update public.leads set status = 'interested' where id = ${lead.id}`;
  await bench.sql`update public.lead_events set created_at = ${later(AFTERNOON, -HOUR)} where lead_id = ${lead.id}`;
  await arrangeDrip(bench.db, org, [{}]);
  await send(AFTERNOON);
  expect(await send(NEXT_DAY)).toHaveLength(1);
});

describe("a deal", () => {
  const DEAL = ["qualified", "appointment", "contract", "closed"];
  const without = ALL_STOPS.filter((word) => word !== "converted");
  test.each([
    ...DEAL.map((status) => [status, ALL_STOPS, "canceled converted"] as const),
    ...DEAL.map((status) => [status, without, "sent"] as const),
    ["lost", ALL_STOPS, "sent"] as const,
    ["interested", ALL_STOPS, "sent"] as const,
  ])("%s from before the campaign, with stops %j: %s", async (status, stopOn, fate) => {
    const [lead] = (await arrangeLeads(bench.db, org.id, 1, { status })) as [ArrangedLead];
    const drip = await arrangeDrip(bench.db, org, [{ stopOn: [...stopOn] }]);
    await send(AFTERNOON);
    await send(NEXT_DAY);
    expect(await readTargets(bench, drip)).toEqual([`${lead.e164} 1 sent`, `${lead.e164} 2 ${fate}`]);
    expect(await checkFigures(bench, org.id)).toEqual([]);
  });

  test("that ended before the next step was planned ends nothing", async () => {
    const [lead] = (await arrangeLeads(bench.db, org.id, 1, { status: "contract" })) as [ArrangedLead];
    const drip = await arrangeDrip(bench.db, org, [{}]);
    await send(AFTERNOON);
    await bench.sql`update public.leads set status = 'lost' where id = ${lead.id}`;
    await send(NEXT_DAY);
    expect(await second(drip)).toEqual([`${lead.e164} 2 sent`]);
  });
});

test("every rule by which somebody says that the land is not theirs exists", async () => {
  const rules = [WRONG_NUMBER_EN, WRONG_NUMBER_ES].flatMap(({ kind, language, rules }) =>
    rules.map(([name]) => `${kind}.${language}.${name}`),
  );
  const [body] = await bench.sql`select prosrc from pg_catalog.pg_proc where proname = 'says_not_owner'`;
  const named = [...String(body?.prosrc).matchAll(/'(wrong_number(?:[^']|'')+)'/g)].map(([, name]) =>
    name?.replaceAll("''", "'"),
  );
  expect(named.length).toBeGreaterThan(8);
  expect(rules).toEqual(expect.arrayContaining(named));
});

describe("between the plan of step 2 and its claim", () => {
  let lead: ArrangedLead;
  let drip: string;
  beforeEach(async () => {
    [lead] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
    drip = await arrangeDrip(bench.db, org, [{}]);
    await send(AFTERNOON);
    expect(await plan(bench.a.sql, NEXT_DAY)).toBe(1);
    await makeDue(bench.sql);
  });
  /** Locks the number's clock: a claim that waits for it has locked the campaign, and no person yet. */
  const holdClocks = async () => {
    await bench.holder.begin();
    await bench.holder.sql`select 1 from private.number_pace for no key update`;
  };
  const answers: [string, (now: Date) => Promise<unknown>, string][] = [
    ["a reply", (now) => write(bench.b.sql, org, lead.e164, {}, now), "replied"],
    [
      "an opt-out",
      (now) => writeStop(bench.b.sql, org.accountSid, lead.e164, org.numbers[0]?.e164 ?? "", now),
      "opted_out",
    ],
  ];
  const closeDeal = () => bench.sql`update public.leads set status = 'contract' where id = ${lead.id}`;

  test("a deal that was committed before is obeyed", async () => {
    await closeDeal();
    expect(await claimed(bench.a.sql, later(NEXT_DAY, 2))).toEqual([]);
    expect(await second(drip)).toEqual([`${lead.e164} 2 canceled converted`]);
    expect(await checkFigures(bench, org.id)).toEqual([]);
  });

  test("a deal that commits while the claim waits for its locks is obeyed", async () => {
    await holdClocks();
    const claiming = claimed(bench.a.sql, later(NEXT_DAY, 2));
    await bench.a.blocked(bench.holder);
    await closeDeal();
    await bench.holder.commit();
    expect(await claiming).toEqual([]);
    expect(await second(drip)).toEqual([`${lead.e164} 2 canceled converted`]);
  });

  test.each(answers)("%s that committed before is obeyed", async (_what, answer, reason) => {
    await answer(later(NEXT_DAY, 1));
    expect(await claimed(bench.a.sql, later(NEXT_DAY, 2))).toEqual([]);
    expect(await second(drip)).toEqual([`${lead.e164} 2 canceled ${reason}`]);
  });

  test.each(answers)(
    "%s that commits while the claim waits for its locks is obeyed",
    async (_what, answer, reason) => {
      await holdClocks();
      const claiming = claimed(bench.a.sql, later(NEXT_DAY, 2));
      await bench.a.blocked(bench.holder);
      await answer(later(NEXT_DAY, 1));
      await bench.holder.commit();
      expect(await claiming).toEqual([]);
      expect(await second(drip)).toEqual([`${lead.e164} 2 canceled ${reason}`]);
    },
  );

  test.each(answers)(
    "%s that holds the person puts the claim off, and is obeyed",
    async (_what, answer, reason) => {
      await bench.b.begin();
      await answer(later(NEXT_DAY, 1));
      expect(await claimed(bench.a.sql, later(NEXT_DAY, 2))).toEqual([]);
      await bench.b.commit();
      await makeDue(bench.sql);
      expect(await claimed(bench.a.sql, later(NEXT_DAY, 4))).toEqual([]);
      expect(await second(drip)).toEqual([`${lead.e164} 2 canceled ${reason}`]);
    },
  );

  test.each(answers)(
    "the claim's own look finds %s even if nothing was canceled by it",
    async (_what, answer, reason) => {
      // What an answer cancels at once is put back, as if it had not been seen: only the second look is left.
      const [before] =
        await bench.sql`select id, message_id from public.campaign_targets where campaign_id = ${drip} and step = 2`;
      await answer(later(NEXT_DAY, 1));
      await bench.sql`update public.messages set status = 'queued', settled_at = null where id = ${before?.message_id}`;
      await bench.sql`update public.campaign_targets set state = 'queued', reason = null, message_id = ${before?.message_id}
      where id = ${before?.id}`;
      expect(await claimed(bench.a.sql, later(NEXT_DAY, 2))).toEqual([]);
      expect(await second(drip)).toEqual([
        `${lead.e164} 2 canceled ${reason === "opted_out" ? "suppressed" : reason}`,
      ]);
      expect(await checkFigures(bench, org.id)).toEqual([]);
    },
  );

  test("a claim that came first is posted, and the reply ends only what follows", async () => {
    await bench.a.begin();
    expect(await claimed(bench.a.sql, later(NEXT_DAY, 1))).toEqual([lead.e164]);
    const answer = write(bench.b.sql, org, lead.e164, {}, later(NEXT_DAY, 1));
    await bench.b.blocked(bench.a);
    await bench.a.commit();
    await answer;
    expect(await second(drip)).toEqual([`${lead.e164} 2 sending`]);
  });
});
