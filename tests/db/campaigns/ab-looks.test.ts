// Looks at an A/B test: who is counted, for which variant, and what is decided.
import { beforeEach, describe, expect, test } from "vitest";
import { type ArrangedArm, arrangeAbTest, lookAt } from "../../fixtures/arrange-ab-test.ts";
import { AFTERNOON, type ArrangedOrg, arrangeOrg, later, signedIn } from "../../fixtures/arrange-sending.ts";
import { DAY, HOUR } from "../../fixtures/arrange-steps.ts";
import type { Session } from "../../fixtures/open-session.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db);
});
const RIPE = later(AFTERNOON, 3 * DAY);
const arrange = (arms: ArrangedArm[], options: Partial<Parameters<typeof arrangeAbTest>[3]> = {}) =>
  arrangeAbTest(bench.db, org, arms, { sentAt: AFTERNOON, ...options });

async function read(id: string) {
  const user = await signedIn(bench.db, org.adminId);
  const [row] = await user.sql`select private.campaign_test(${id}) as test`;
  await user.end();
  return row?.test;
}
const EVEN: ArrangedArm = { sent: 1000, replied: 50, interested: 10, optedOut: 5 };
/** So much better, in so many, that no look can miss it. */
const BETTER: ArrangedArm = { sent: 6000, replied: 900, interested: 400, optedOut: 30 };
const WORSE: ArrangedArm = { sent: 6000, replied: 300, interested: 100, optedOut: 30 };

describe("a look", () => {
  test("counts each variant's people, replies, interest and opt-outs, and keeps all its numbers", async () => {
    const id = await arrange([{ ...EVEN, excluded: 3, waiting: 7 }, EVEN]);
    expect(await lookAt(bench.sql, id, RIPE)).toBe("running");
    const found = await read(id);
    expect(found.looks).toHaveLength(1);
    const [look] = found.looks;
    expect(look.arms).toMatchObject([
      {
        variant: "A",
        assigned: 1010,
        sent: 1000,
        counted: 1000,
        waiting: 7,
        excluded: { missing_variable: 3 },
        replied: {
          value: 5,
          numerator: 50,
          denominator: 1000,
          low: 3.81,
          high: 6.53,
          enough: true,
          provisional: false,
        },
        interested: { value: 1 },
        opted_out: { numerator: 5 },
      },
      { variant: "B", waiting: 0, excluded: {} },
    ]);
    expect(look.comparisons).toMatchObject([{ difference: 0 }]);
    expect(look.obstacles).toContain("too_close");
    expect(look.sample_ratio).toBeCloseTo(1, 6);
  });

  test("counts the same in parts of seven as at once", async () => {
    const [parts, once] = [await arrange([EVEN, EVEN]), await arrange([EVEN, EVEN])];
    await lookAt(bench.sql, parts, RIPE, 7);
    await lookAt(bench.sql, once, RIPE);
    const [a, b] = [await read(parts), await read(once)];
    expect(a.looks[0].arms).toEqual(b.looks[0].arms);
  });

  test("goes on where it was cut off, with the time at which it began", async () => {
    const id = await arrange([EVEN, EVEN]);
    await bench.sql`
      update private.test_turns set as_of = ${RIPE}, counted_to = 1000,
        counts = '[{"variant": 1, "mark": "sent", "n": 1000}, {"variant": 1, "mark": "mature", "n": 1000}, {"variant": 1, "mark": "replied", "n": 50}]'
      where campaign_id = ${id}`;
    await lookAt(bench.sql, id, later(RIPE, 600));
    const [look] = (await read(id)).looks;
    expect(new Date(look.looked_at)).toEqual(RIPE);
    expect(look.arms).toMatchObject([
      { counted: 1000, replied: { numerator: 50 } },
      { counted: 1000, replied: { numerator: 50 } },
    ]);
  });

  test("counts nobody whose text is too new: 47 hours and 59 minutes are", async () => {
    const id = await arrange([EVEN, EVEN]);
    await lookAt(bench.sql, id, later(AFTERNOON, 2 * DAY - 60));
    expect((await read(id)).looks).toEqual([]);
    await bench.sql`update private.test_turns set look_at = ${AFTERNOON} where campaign_id = ${id}`;
    await lookAt(bench.sql, id, later(AFTERNOON, 2 * DAY));
    expect((await read(id)).looks).toHaveLength(1);
  });

  test("counts no answer that came after that time: else who was written to early would have longer", async () => {
    const late = await arrange([EVEN, EVEN], { answerAfter: 2 * DAY + 1 });
    await lookAt(bench.sql, late, later(AFTERNOON, 13 * DAY));
    expect((await read(late)).looks[0].arms[0]).toMatchObject({ counted: 1000, replied: { numerator: 0 } });
    const last = await arrange([EVEN, EVEN], { answerAfter: 2 * DAY });
    await lookAt(bench.sql, last, later(AFTERNOON, 13 * DAY));
    expect((await read(last)).looks[0].arms[0]).toMatchObject({ replied: { numerator: 50 } });
  });

  test("of a STOP is no reply, nor is a wrong number, a robot or a dislike", async () => {
    const id = await arrange([EVEN, EVEN]);
    for (const [n, word] of [
      "stop",
      "wrong_number",
      "automatic",
      "disliked",
      "help",
      "start",
      "deceased",
    ].entries())
      await bench.sql`
        update public.messages set classification = ${word} where id = (
          select id from public.messages where campaign_id = ${id} and classification = 'reply'
          order by from_number offset ${n} limit 1)`;
    await lookAt(bench.sql, id, RIPE);
    // Each update takes the next of those that are left, so seven fewer.
    expect((await read(id)).looks[0].arms[0].replied.numerator).toBe(43);
  });

  test("counts nobody who was given another variant than building assigned", async () => {
    const id = await arrange([EVEN, EVEN]);
    await bench.sql`
      update public.campaign_targets set assigned_variant = 2 where campaign_id = ${id} and variant = 1 and ordinal % 2 = 0`;
    await lookAt(bench.sql, id, RIPE);
    expect((await read(id)).looks[0].arms).toMatchObject([{ sent: 500, counted: 500 }, { counted: 1000 }]);
  });

  test("is kept only if it counts somebody more, and is due again in an hour", async () => {
    const id = await arrange([EVEN, EVEN]);
    for (const hours of [0, 1, 2]) {
      expect(await lookAt(bench.sql, id, later(RIPE, hours * HOUR))).toBe("running");
      expect(await lookAt(bench.sql, id, later(RIPE, hours * HOUR + 3599))).toBe("not_due");
    }
    expect((await read(id)).looks).toHaveLength(1);
  });

  test("counts answers to later steps for the person's first text, once", async () => {
    const id = await arrange([EVEN, EVEN], { campaign: { type: "drip" } });
    const [first] = await bench.sql`
      select * from public.campaign_targets where campaign_id = ${id} and state = 'sent' and variant = 1 order by ordinal desc limit 1`;
    const number = org.numbers[0]?.e164 ?? "";
    const [second] = await bench.sql`
      insert into public.messages (org_id, kind, step, campaign_id, from_number, to_number, status, created_at, sent_at)
      values (${org.id}, 'campaign', 2, ${id}, ${number}, ${first?.e164}, 'sent', ${later(AFTERNOON, DAY)}, ${later(AFTERNOON, DAY)}) returning id`;
    await bench.sql`
      insert into public.messages (org_id, kind, campaign_id, from_number, to_number, status, classification, answers_message_id, created_at)
      select ${org.id}, 'inbound', ${id}, ${first?.e164}, ${number}, 'received', 'reply', ${second?.id}, ${later(AFTERNOON, DAY + HOUR)}
      from generate_series(1, 3)`;
    await lookAt(bench.sql, id, RIPE);
    expect((await read(id)).looks[0].arms[0]).toMatchObject({ sent: 1000, replied: { numerator: 51 } });
  });

  test("of a campaign that has not started waits", async () => {
    const id = await arrange([EVEN, EVEN], { campaign: { status: "ready", started_at: null } });
    expect(await lookAt(bench.sql, id, RIPE)).toBe("not_started");
    expect(await lookAt(bench.sql, id, later(RIPE, 3599))).toBe("not_due");
  });
});

describe("a decision", () => {
  const status = async (id: string) => {
    const [row] =
      await bench.sql`select status, winner, promoted, evidence from public.campaign_tests where campaign_id = ${id}`;
    return row;
  };

  test("for a clear difference, with the evidence, an alert for a person and an audit event", async () => {
    const id = await arrange([WORSE, BETTER]);
    expect(await lookAt(bench.sql, id, RIPE)).toBe("won");
    expect(await status(id)).toMatchObject({
      status: "won",
      winner: 2,
      promoted: null,
      evidence: { obstacles: [], comparisons: [{ variant: 2, other: 1, difference: 10 }] },
    });
    const alerts = await bench.sql`select kind from public.alerts where campaign_id = ${id}`;
    expect(alerts).toEqual([{ kind: "test_won" }]);
    const [event] = await bench.sql`
      select details from public.audit_events where campaign_id = ${id} and event_type = 'campaign_test_decided'`;
    expect(event?.details).toMatchObject({ status: "won", winner: "B" });
    // It is decided once: nothing is due any more.
    expect(await lookAt(bench.sql, id, later(RIPE, DAY))).toBe("not_due");
  });

  test.each<[string, ArrangedArm[], string]>([
    [
      "an arm has fewer people than asked for",
      [
        { sent: 199, replied: 35, optedOut: 10 },
        { sent: 199, replied: 140 },
      ],
      "too_few_people",
    ],
    ["an arm has 29 replies", [{ ...WORSE, replied: 29, interested: 0 }, BETTER], "too_few_answers"],
    [
      "the interval includes 0",
      [
        { ...WORSE, replied: 300 },
        { ...BETTER, replied: 330, interested: 0 },
      ],
      "too_close",
    ],
    [
      "it may have half a point more opt-outs",
      [
        { ...WORSE, optedOut: 30 },
        { ...BETTER, optedOut: 48 },
      ],
      "opt_outs",
    ],
    ["it beats only one of two others", [WORSE, BETTER, { ...BETTER, replied: 880 }], "too_close"],
  ])("not if %s", async (_, arms, obstacle) => {
    const id = await arrange(arms);
    expect(await lookAt(bench.sql, id, RIPE)).toBe("running");
    expect((await read(id)).looks[0]).toMatchObject({ winner: null, obstacles: [obstacle] });
  });

  test("by interest compares interest, not replies", async () => {
    const arms = [
      { ...WORSE, replied: 900, interested: 100 },
      { ...BETTER, replied: 900, interested: 400 },
    ];
    const [replied, interested] = [
      await arrange(arms),
      await arrange(arms, { test: { metric: "interested" } }),
    ];
    expect(await lookAt(bench.sql, replied, RIPE)).toBe("running");
    expect(await lookAt(bench.sql, interested, RIPE)).toBe("won");
  });

  test("is invalid if texts leave out different people, and names the likely cause", async () => {
    const id = await arrange([WORSE, { ...BETTER, sent: 5400, excluded: 600 }], {
      test: { decides: "auto" },
    });
    expect(await lookAt(bench.sql, id, RIPE)).toBe("invalid");
    const found = await read(id);
    expect(found).toMatchObject({ status: "invalid", winner: null, promoted: null });
    expect(found.cause).toMatch(
      /«B» 5400 people .* share is 5700\. .*600 of its people were left out.*missing_variable.*all others 0/,
    );
    const [alert] = await bench.sql`select kind, message from public.alerts where campaign_id = ${id}`;
    expect(alert).toMatchObject({
      kind: "test_invalid",
      message: expect.stringContaining("missing_variable"),
    });
  });

  test("knows shares: 3 to 1 is no mismatch if that was asked for", async () => {
    const id = await arrange([
      { ...WORSE, share: 3 },
      { ...BETTER, sent: 2000, replied: 300, interested: 0, optedOut: 5 },
    ]);
    expect(await lookAt(bench.sql, id, RIPE)).toBe("won");
  });

  test("without a winner comes with the deadline, and shares stay", async () => {
    const id = await arrange([EVEN, EVEN], { test: { deadline: later(RIPE, HOUR) } });
    expect(await lookAt(bench.sql, id, RIPE)).toBe("running");
    expect(await lookAt(bench.sql, id, later(RIPE, HOUR))).toBe("no_winner");
    expect(await status(id)).toMatchObject({ status: "no_winner", winner: null, promoted: null });
  });

  test("without a winner comes at once if the campaign has ended and everybody is counted", async () => {
    const ended = { status: "completed", finished_at: AFTERNOON };
    const id = await arrange([EVEN, EVEN], { campaign: ended });
    expect(await lookAt(bench.sql, id, later(AFTERNOON, DAY))).toBe("running");
    expect(await lookAt(bench.sql, id, RIPE)).toBe("no_winner");
  });

  test("by itself promotes the winner", async () => {
    const id = await arrange([WORSE, { ...BETTER, waiting: 10 }], { test: { decides: "auto" } });
    expect(await lookAt(bench.sql, id, RIPE)).toBe("won");
    expect(await read(id)).toMatchObject({
      status: "won",
      winner: "B",
      promoted: "B",
      promoted_by: null,
      moving: true,
    });
    expect(await bench.sql`select kind from public.alerts where campaign_id = ${id}`).toEqual([]);
  });
});

describe("a look that promotes and a person who promotes at the same moment", () => {
  const auto = () => arrange([WORSE, { ...BETTER, waiting: 10 }], { test: { decides: "auto" } });
  const promote = async (user: Session, id: string) =>
    await user.sql`select private.promote_variant(${id}, 'A', ${RIPE})`;

  test("the look first: the person is told that another variant was promoted", async () => {
    const id = await auto();
    const user = await signedIn(bench.db, org.adminId);
    await bench.holder.begin();
    await bench.holder.sql`select private.look_at_test(${id}, ${RIPE})`;
    const promoting = promote(user, id).catch(({ code }) => code);
    await user.blocked(bench.holder);
    await bench.holder.commit();
    expect(await promoting).toBe("PT409");
    expect(await read(id)).toMatchObject({ status: "won", winner: "B", promoted: "B" });
    await user.end();
  });

  test("the person first: the look finds the test ended", async () => {
    const id = await auto();
    const user = await signedIn(bench.db, org.adminId);
    await user.begin();
    await promote(user, id);
    const looking = (async () =>
      await bench.holder.sql`select private.look_at_test(${id}, ${RIPE}) as status`)();
    await bench.holder.blocked(user);
    await user.commit();
    expect((await looking)[0]?.status).toBe("not_due");
    expect(await read(id)).toMatchObject({ status: "ended", winner: null, promoted: "A", looks: [] });
    await user.end();
  });
});

test("the newest looks are read, as many as are asked for", async () => {
  const id = await arrange([EVEN, EVEN]);
  await bench.sql`
    insert into public.campaign_test_looks (org_id, campaign_id, looked_at, arms, comparisons, obstacles)
    select ${org.id}, ${id}, ${AFTERNOON}::timestamptz + make_interval(hours => n), '[]', '[]', '{}' from generate_series(1, 1200) n`;
  const user = await signedIn(bench.db, org.adminId);
  for (const [asked, given] of [
    [3, 3],
    [null, 100],
    [-1, 0],
    [2_000_000_000, 1000],
  ] as const) {
    const [row] = await user.sql`select private.campaign_test(${id}, ${asked}) as test`;
    expect([asked, row?.test.looks.length]).toEqual([asked, given]);
    if (given > 0) expect(new Date(row?.test.looks[0].looked_at)).toEqual(later(AFTERNOON, 1200 * HOUR));
  }
  await user.end();
});

test("a test that cannot be counted holds up no other", async () => {
  const [broken, sound] = [await arrange([EVEN, EVEN]), await arrange([EVEN, EVEN])];
  await bench.sql`update private.test_turns set counts = '["not a count"]', as_of = ${RIPE} where campaign_id = ${broken}`;
  for (const id of [broken, sound])
    await bench.sql`select private.run_item('look_at_test', ${id}, ${org.id}, 'select private.look_at_test($1)')`;
  const failed =
    await bench.sql`select item from private.work_failures where kind = 'look_at_test' and org_id = ${org.id}`;
  expect(failed).toEqual([{ item: broken }]);
  // Its deadline has passed by the real clock.
  expect((await read(sound)).status).toBe("no_winner");
});

test("100,000 people are counted within seconds, in parts of about one", async () => {
  const id = await arrange([
    { sent: 50_000, replied: 2500 },
    { sent: 50_000, replied: 2500 },
  ]);
  await bench.sql`analyze public.campaign_targets, public.messages`;
  const started = performance.now();
  expect(await lookAt(bench.sql, id, RIPE)).toBe("running");
  const took = performance.now() - started;
  console.info(`100,000 people: ${Math.round(took)} ms`);
  expect((await read(id)).looks[0].arms).toMatchObject([{ counted: 50_000 }, { counted: 50_000 }]);
  expect(took).toBeLessThan(20_000);
});
