// Setting up an A/B test, keeping people back, and promotion: who gets which text, whatever meets it at the same moment.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { addTemplate } from "../../fixtures/add-templates.ts";
import { arrangeAbTest, lookAt, moveAll } from "../../fixtures/arrange-ab-test.ts";
import {
  AFTERNOON,
  type ArrangedOrg,
  arrangeLeads,
  arrangeOrg,
  later,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import { DAY, HOUR } from "../../fixtures/arrange-steps.ts";
import { accepted, claim, makeDue, newSid, plan, sendAll, settle } from "../../fixtures/drive-sending.ts";
import type { Session } from "../../fixtures/open-session.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
let user: Session;
let texts: [string, string];
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db, { mps: 1000, fields: { cooldown_days: 0 } });
  user = await signedIn(bench.db, org.adminId);
  const text = (n: string) =>
    addTemplate(bench.sql, org.id, {
      category: "initial",
      language: "es",
      worstSegments: 1,
      content: `${n}: {brand}. Responda ALTO para no recibir mas.`,
    });
  texts = [await text("A"), await text("B")];
});
afterEach(() => user.end());

async function draft(fields: Record<string, unknown> = {}): Promise<string> {
  const input = {
    name: "A/B",
    variants: [
      { name: "A", share: 1, template_ids: [texts[0]] },
      { name: "B", share: 1, template_ids: [texts[1]] },
    ],
    ...fields,
  };
  const [row] = await user.sql`select private.create_campaign(${user.sql.json(input as never)}) as id`;
  return row?.id;
}
const setUp = (id: string, input: Record<string, unknown> = {}) =>
  user.sql`select private.set_campaign_test(${id}, ${user.sql.json({ metric: "replied", ...input } as never)}, ${AFTERNOON})`;
async function build(id: string, chunk = 10_000): Promise<void> {
  await bench.sql`update public.campaigns set status = 'building', build_cursor = null where id = ${id}`;
  for (;;) {
    const [row] = await bench.sql`select private.build_chunk(${id}, ${chunk}, ${AFTERNOON}) as more`;
    if (!row?.more) return;
  }
}
const start = (id: string) =>
  bench.sql`update public.campaigns set status = 'running', started_at = ${AFTERNOON} where id = ${id}`;
// Begins at once, unlike a query that nobody awaits yet.
const promote = async (id: string, variant: string, now = AFTERNOON, by = user) =>
  await by.sql`select private.promote_variant(${id}, ${variant}, ${now})`;
/** How many are in which state, as `state variant assigned`; - for null. */
async function people(id: string): Promise<Record<string, number>> {
  const rows = await bench.sql`
    select state || ' ' || coalesce(variant::text, '-') || ' ' || coalesce(assigned_variant::text, '-') as key, count(*)::int as n
    from public.campaign_targets where campaign_id = ${id} and step = 1 group by 1 order by 1`;
  return Object.fromEntries(rows.map(({ key, n }) => [key, n]));
}
const textsOf = async (id: string) =>
  await bench.sql`
    select t.e164, m.template_id from public.messages m join public.campaign_targets t on t.id = m.campaign_target_id
    where m.campaign_id = ${id} and m.kind = 'campaign' and m.status <> 'canceled' order by 1`;

describe("setting up", () => {
  test("keeps what was given, fills in the rest, and may be done again before the start", async () => {
    const id = await draft();
    await setUp(id);
    await setUp(id, {
      metric: "interested",
      decides: "auto",
      alpha: 0.01,
      deadline: later(AFTERNOON, 20 * DAY),
    });
    const [row] = await bench.sql`select * from public.campaign_tests where campaign_id = ${id}`;
    expect(row).toMatchObject({
      metric: "interested",
      decides: "auto",
      alpha: 0.01,
      maturity_hours: 48,
      min_per_arm: 200,
      tuning_n: 5000,
      test_percent: 100,
      status: "running",
      deadline: later(AFTERNOON, 20 * DAY),
    });
    const events = await bench.sql`
      select event_type from public.audit_events where campaign_id = ${id} and event_type = 'campaign_test_set'`;
    expect(events).toHaveLength(2);
  });

  test.each([
    [{ metric: "clicked" }, "metric"],
    [{ alpha: 0.5 }, "alpha"],
    [{ alpha: "NaN" }, "alpha"],
    [{ maturity_hours: 0 }, "maturity_hours"],
    [{ maturity_hours: 337 }, "maturity_hours"],
    [{ min_per_arm: 49 }, "min_per_arm"],
    [{ tuning_n: 1e300 }, "tuning_n"],
    [{ test_percent: 0 }, "test_percent"],
    [{ test_percent: 101 }, "test_percent"],
    [{ decides: "chance" }, "decides"],
    [{ deadline: "2026-06-11T20:00:00Z" }, "deadline"],
    [{ deadline: "2026-12-31T20:00:00Z" }, "deadline"],
    [{ winner: 1 }, "winner"],
  ])("refuses %j, naming %s", async (input, field) => {
    const id = await draft();
    await expect(setUp(id, input)).rejects.toMatchObject({
      code: "PT422",
      detail: expect.stringContaining(`"${field}"`),
    });
  });

  test("needs variants, and a campaign that has not started", async () => {
    const plain = await draft({ variants: undefined, template_ids: [texts[0]] });
    await expect(setUp(plain)).rejects.toMatchObject({
      code: "PT409",
      message: expect.stringContaining("variants"),
    });
    await arrangeLeads(bench.db, org.id, 4);
    const id = await draft();
    await build(id);
    await setUp(id);
    await expect(setUp(id, { test_percent: 50 })).rejects.toMatchObject({ code: "PT409" });
    await start(id);
    await expect(setUp(id)).rejects.toMatchObject({ code: "PT409" });
  });

  test("of more than 50 tests at once is refused", async () => {
    const ids = await Promise.all(Array.from({ length: 51 }, () => draft()));
    for (const id of ids.slice(1)) await setUp(id);
    await expect(setUp(ids[0] as string)).rejects.toMatchObject({ code: "PT429" });
    await user.sql`select private.end_campaign_test(${ids[1] as string}, ${AFTERNOON})`;
    await setUp(ids[0] as string);
  });

  test("of a draft can be done again after the test was ended: a build that failed left people kept back", async () => {
    const id = await draft();
    await setUp(id, { test_percent: 50 });
    await bench.sql`update public.campaign_tests set held = 2 where campaign_id = ${id}`;
    await user.sql`select private.end_campaign_test(${id}, ${AFTERNOON})`;
    await setUp(id);
    const [row] =
      await bench.sql`select status, decided_at from public.campaign_tests where campaign_id = ${id}`;
    expect(row).toEqual({ status: "running", decided_at: null });
  });

  test("is for managers, and of one's own organisation", async () => {
    const id = await draft();
    const other = await arrangeOrg(bench.db);
    const stranger = await signedIn(bench.db, other.adminId);
    const calls = [
      (by: Session) => by.sql`select private.set_campaign_test(${id}, '{"metric": "replied"}')`,
      (by: Session) => promote(id, "A", AFTERNOON, by),
      (by: Session) => by.sql`select private.end_campaign_test(${id})`,
      (by: Session) => by.sql`select private.campaign_test(${id})`,
      (by: Session) =>
        by.sql`select private.test_size(${by.sql.json({ baseline: 4, difference: 2, campaign_id: id })})`,
    ];
    for (const call of calls) await expect(call(stranger)).rejects.toMatchObject({ code: "PT404" });
    await stranger.end();
    await bench.sql.begin(async (tx) => {
      // An organisation must have an admin: a trigger sees to it.
      await tx`set local session_replication_role = replica`;
      await tx`update public.users set role = 'operator' where id = ${org.adminId}`;
    });
    for (const call of calls.slice(0, 3)) await expect(call(user)).rejects.toMatchObject({ code: "PT403" });
  });
});

describe("a test of a part of the audience", () => {
  test.each([[10_000], [7]])(
    "keeps the others back, exactly, in chunks of %i, again when it is built again",
    async (chunk) => {
      await arrangeLeads(bench.db, org.id, 100);
      const id = await draft();
      await setUp(id, { test_percent: 30 });
      for (let n = 0; n < 2; n++) {
        await build(id, chunk);
        expect(await people(id)).toEqual({ "waiting - 0": 70, "waiting 1 -": 15, "waiting 2 -": 15 });
        const [test] = await bench.sql`select held from public.campaign_tests where campaign_id = ${id}`;
        expect(test).toEqual({ held: 70 });
      }
    },
  );

  test("plans only those who take part, does not end, and does not release a person whose answer was read", async () => {
    await arrangeLeads(bench.db, org.id, 20);
    const id = await draft();
    await setUp(id, { test_percent: 50 });
    await build(id);
    await start(id);
    expect(await plan(bench.sql, AFTERNOON)).toBe(10);
    expect(await plan(bench.sql, later(AFTERNOON, 20 * HOUR))).toBe(0);
    await bench.sql`select private.finish_campaigns(${later(AFTERNOON, 60)})`;
    const [held] = await bench.sql`
      select e164 from public.campaign_targets where campaign_id = ${id} and not_before = 'infinity' limit 1`;
    await bench.sql`update private.contacts set held_at = ${AFTERNOON} where org_id = ${org.id} and e164 = ${held?.e164}`;
    await bench.sql`select private.release_person(${org.id}, ${held?.e164}, ${AFTERNOON})`;
    expect(await people(id)).toMatchObject({ "waiting - 0": 10 });
    const [left] = await bench.sql`
      select count(*)::int as n from public.campaign_targets where campaign_id = ${id} and not_before = 'infinity'`;
    expect(left?.n).toBe(10);
    const [campaign] = await bench.sql`select status::text from public.campaigns where id = ${id}`;
    expect(campaign?.status).toBe("running");
  });

  test("gives them the winner when it is promoted, and plans them", async () => {
    await arrangeLeads(bench.db, org.id, 20);
    const id = await draft();
    await setUp(id, { test_percent: 50 });
    await build(id);
    await start(id);
    await sendAll(bench.a.sql, bench.sql, AFTERNOON);
    await promote(id, "B", later(AFTERNOON, 60));
    expect(await moveAll(bench.sql, id, later(AFTERNOON, 120))).toBe(0);
    expect(await people(id)).toEqual({ "sent 1 -": 5, "sent 2 -": 5, "waiting 2 0": 10 });
    expect(await plan(bench.sql, later(AFTERNOON, 130))).toBe(10);
    const sent = await textsOf(id);
    expect(sent.filter(({ template_id }) => template_id === texts[1])).toHaveLength(15);
  });

  test.each(["deadline", "end"])("releases them in equal parts if there is no winner: %s", async (how) => {
    await arrangeLeads(bench.db, org.id, 20);
    const id = await draft();
    await setUp(id, { test_percent: 50 });
    await build(id);
    await start(id);
    if (how === "end") await user.sql`select private.end_campaign_test(${id}, ${AFTERNOON})`;
    else expect(await lookAt(bench.sql, id, later(AFTERNOON, 30 * DAY))).toBe("no_winner");
    expect(await moveAll(bench.sql, id, later(AFTERNOON, 30 * DAY))).toBe(10);
    expect(await people(id)).toEqual({
      "waiting 1 -": 5,
      "waiting 1 0": 5,
      "waiting 2 -": 5,
      "waiting 2 0": 5,
    });
  });

  test("does not keep them back for ever if nobody promotes the winner", async () => {
    const id = await arrangeAbTest(
      bench.db,
      org,
      [
        { sent: 6000, replied: 300, optedOut: 30 },
        { sent: 6000, replied: 900, optedOut: 30 },
      ],
      { sentAt: AFTERNOON, test: { test_percent: 90, held: 2 } },
    );
    const [lead] =
      await bench.sql`select lead_id, max(ordinal) as last from public.campaign_targets where campaign_id = ${id} group by 1`;
    await bench.sql`
      insert into public.campaign_targets (org_id, campaign_id, lead_id, e164, ordinal, window_key, assigned_variant, not_before)
      select ${org.id}, ${id}, ${lead?.lead_id}, '+121455501' || n, ${lead?.last} + n, 'America/Chicago|TX', 0, 'infinity'
      from generate_series(10, 11) n`;
    expect(await lookAt(bench.sql, id, later(AFTERNOON, 3 * DAY))).toBe("won");
    expect(await lookAt(bench.sql, id, later(AFTERNOON, 29 * DAY))).toBe("not_due");
    expect(await lookAt(bench.sql, id, later(AFTERNOON, 30 * DAY))).toBe("won");
    expect(await moveAll(bench.sql, id, later(AFTERNOON, 30 * DAY))).toBe(2);
    expect(await people(id)).toMatchObject({ "waiting 1 0": 1, "waiting 2 0": 1 });
  });
});

describe("promotion", () => {
  /** A running campaign of 20 people, half for each variant. */
  const running = async () => {
    await arrangeLeads(bench.db, org.id, 20);
    const id = await draft();
    await setUp(id);
    await build(id);
    await start(id);
    return id;
  };

  test("moves those who wait; who is queued, claimed or was sent a text keeps it", async () => {
    const id = await running();
    for (const n of [6, 4, 4]) {
      await bench.sql`select private.plan_sends(${org.id}, ${AFTERNOON}, '5 seconds', ${n})`;
      await makeDue(bench.sql);
      if (n === 6) {
        const claims = await claim(bench.a.sql, { now: AFTERNOON });
        await settle(
          bench.a.sql,
          claims.map((send) => accepted(send.attempt_id)),
          AFTERNOON,
        );
      } else if (n === 4 && !(await people(id))["sending 1 -"])
        await claim(bench.a.sql, { now: AFTERNOON, limit: 4 });
    }
    const before = await people(id);
    const textsBefore = await textsOf(id);
    await promote(id, "B");
    const after = await people(id);
    const moved = before["waiting 1 -"] ?? 0;
    expect(moved).toBeGreaterThan(0);
    const { "waiting 1 -": _gone, ...rest } = before;
    expect(after).toEqual({ ...rest, "waiting 2 1": moved });
    expect(await textsOf(id)).toEqual(textsBefore);
    // The arms that were sent stay as they were assigned.
    expect((after["sent 1 -"] ?? 0) + (after["sent 2 -"] ?? 0)).toBe(6);
    // From now on everybody gets the promoted text.
    await plan(bench.sql, later(AFTERNOON, 10));
    const fresh = (await textsOf(id)).filter(({ e164 }) => !textsBefore.some((text) => text.e164 === e164));
    expect(fresh.length).toBe(6);
    for (const { template_id } of fresh) expect(template_id).toBe(texts[1]);
  });

  test("waits for a claim in flight, whose texts stay: 20 forced meetings", async () => {
    for (let n = 0; n < 20; n++) {
      const now = later(AFTERNOON, n * 100);
      const leads = await arrangeLeads(bench.db, org.id, 20);
      const id = await draft({ target_criteria: { lead_ids: leads.map((lead) => lead.id) } });
      await setUp(id);
      await build(id);
      await bench.sql`update public.campaigns set status = 'running', started_at = ${AFTERNOON} where id = ${id}`;
      await bench.sql`select private.plan_sends(${org.id}, ${now}, '5 seconds', 10)`;
      await makeDue(bench.sql);
      await bench.a.begin();
      const claims = await claim(bench.a.sql, { now, limit: 5 });
      expect(claims).toHaveLength(5);
      const promoting = promote(id, n % 2 ? "A" : "B", now);
      await user.blocked(bench.a);
      if (n % 4 < 2) await bench.a.commit();
      else await bench.a.rollback();
      await promoting;
      await bench.sql`select private.move_variants(${id}, ${later(now, 61)})`;
      const kept = await bench.sql`
        select t.variant, t.assigned_variant, m.template_id from public.campaign_targets t join public.messages m on m.id = t.message_id
        where t.campaign_id = ${id} and t.state in ('queued', 'sending')`;
      expect(kept).toHaveLength(10);
      for (const row of kept) {
        expect(row.assigned_variant).toBeNull();
        expect(row.template_id).toBe(texts[row.variant - 1]);
      }
      await bench.clear();
    }
  });

  test("in the middle of planning leaves what planning holds, and moves it in the next pass if it waits again", async () => {
    const id = await running();
    await bench.holder.begin();
    await bench.holder.sql`select private.plan_sends(${org.id}, ${AFTERNOON}, '5 seconds', 10)`;
    // Planning holds the campaign's row in share mode: the promotion waits for it, nobody waits for the promotion.
    const promoting = promote(id, "B");
    await user.blocked(bench.holder);
    await bench.holder.commit();
    await promoting;
    const queued = await bench.sql`
      select id from public.campaign_targets where campaign_id = ${id} and state = 'queued' and variant = 1`;
    expect(queued.length).toBeGreaterThan(0);
    // The claims find the campaign paused: everything is given back.
    await user.sql`select private.pause_campaign(${id}, ${AFTERNOON})`;
    expect((await people(id))["waiting 1 -"]).toBe(queued.length);
    await moveAll(bench.sql, id, later(AFTERNOON, 61));
    expect(await people(id)).toEqual({ "waiting 2 -": 10, "waiting 2 1": 10 });
  });

  test("skips a person whom another call holds, and moves them in the next pass", async () => {
    const id = await running();
    const [one] = await bench.sql`
      select id from public.campaign_targets where campaign_id = ${id} and variant = 1 limit 1`;
    await bench.holder.begin();
    await bench.holder.sql`select 1 from public.campaign_targets where id = ${one?.id} for no key update`;
    await promote(id, "B");
    await bench.sql`select private.move_variants(${id}, ${later(AFTERNOON, 61)})`;
    expect((await people(id))["waiting 1 -"]).toBe(1);
    await bench.holder.commit();
    await moveAll(bench.sql, id, later(AFTERNOON, 122));
    expect((await people(id))["waiting 1 -"]).toBeUndefined();
  });

  test("goes on after a crash, in parts of any size, and moves each once", async () => {
    const id = await running();
    await user.begin();
    await promote(id, "B");
    await user.rollback();
    expect(await people(id)).toEqual({ "waiting 1 -": 10, "waiting 2 -": 10 });
    await bench.sql`
      update public.campaign_tests set promoted = 2, promoted_at = ${AFTERNOON}, status = 'ended', decided_at = ${AFTERNOON}
      where campaign_id = ${id}`;
    await bench.sql`select private.begin_moving(${id}, ${AFTERNOON})`;
    await bench.holder.begin();
    await bench.holder.sql`select private.move_variants(${id}, ${AFTERNOON}, 3, '0')`;
    await bench.holder.rollback();
    let calls = 0;
    for (let done = false; !done; calls++) {
      await bench.sql`select private.move_variants(${id}, ${later(AFTERNOON, 100 * calls)}, 3, '0')`;
      const [turn] =
        await bench.sql`select move_at is null as done from private.test_turns where campaign_id = ${id}`;
      done = turn?.done;
      expect(calls).toBeLessThan(100);
    }
    expect(calls).toBeGreaterThan(6);
    expect(await people(id)).toEqual({ "waiting 2 -": 10, "waiting 2 1": 10 });
    const [event] = await bench.sql`
      select details from public.audit_events where campaign_id = ${id} and event_type = 'campaign_variants_moved'`;
    expect(event?.details).toEqual({ people: 10 });
  });

  test("leaves later steps of people with the variant that they know, also those who come later", async () => {
    const followUps = await Promise.all(
      ["A2", "B2"].map((n) =>
        addTemplate(bench.sql, org.id, {
          category: "followup",
          language: "es",
          worstSegments: 1,
          content: `${n}: {brand}.`,
        }),
      ),
    );
    await arrangeLeads(bench.db, org.id, 8);
    const id = await draft({
      steps: [
        {
          wait_hours: 24,
          variants: [
            { name: "A", template_ids: [followUps[0]] },
            { name: "B", template_ids: [followUps[1]] },
          ],
        },
      ],
    });
    await setUp(id);
    await build(id);
    await start(id);
    await bench.sql`select private.plan_sends(${org.id}, ${AFTERNOON}, '5 seconds', 4)`;
    await makeDue(bench.sql);
    const claims = await claim(bench.a.sql, { now: AFTERNOON });
    await settle(
      bench.a.sql,
      claims.map((send) => accepted(send.attempt_id)),
      AFTERNOON,
    );
    await promote(id, "B", later(AFTERNOON, 60));
    await moveAll(bench.sql, id, later(AFTERNOON, 60));
    await sendAll(bench.a.sql, bench.sql, later(AFTERNOON, 120));
    const steps = await bench.sql`
      select a.variant as first, a.assigned_variant, b.variant as second
      from public.campaign_targets a join public.campaign_targets b on b.campaign_id = a.campaign_id and b.e164 = a.e164 and b.step = 2
      where a.campaign_id = ${id} and a.step = 1`;
    expect(steps).toHaveLength(8);
    for (const { first, second } of steps) expect(second).toBe(first);
    await plan(bench.sql, later(AFTERNOON, DAY + HOUR));
    const later2 = await bench.sql`
      select t.variant, m.template_id from public.messages m join public.campaign_targets t on t.id = m.campaign_target_id
      where m.campaign_id = ${id} and m.step = 2`;
    expect(later2).toHaveLength(8);
    for (const { variant, template_id } of later2) expect(template_id).toBe(followUps[variant - 1]);
  });

  test("can be asked for twice, not for another variant, and only by a name that exists", async () => {
    const id = await running();
    await expect(promote(id, "C")).rejects.toMatchObject({
      code: "PT422",
      message: expect.stringContaining("A, B"),
    });
    await promote(id, "B");
    await promote(id, " B ");
    await expect(promote(id, "A")).rejects.toMatchObject({ code: "PT409" });
    const [row] = await bench.sql`
      select status, promoted, promoted_by, winner from public.campaign_tests where campaign_id = ${id}`;
    expect(row).toEqual({ status: "ended", promoted: 2, promoted_by: org.adminId, winner: null });
    const events = await bench.sql`
      select details from public.audit_events where campaign_id = ${id} and event_type = 'campaign_variant_promoted'`;
    expect(events).toEqual([{ details: { variant: "B", by: "person", status: "running" } }]);
  });
});

test("what people really wrote is counted for the text that they were really sent", async () => {
  await arrangeLeads(bench.db, org.id, 40);
  const id = await draft();
  await setUp(id);
  await build(id);
  await start(id);
  const sent = await sendAll(bench.a.sql, bench.sql, AFTERNOON);
  expect(sent).toHaveLength(40);
  const rows = await bench.sql`
    select e164, variant from public.campaign_targets where campaign_id = ${id} order by variant, ordinal`;
  const answer = (e164: string, kind: string, interest: string | null, after: number) =>
    bench.a.sql`
      select private.receive_inbound(${org.accountSid}, ${newSid()}, ${e164}, ${org.numbers[0]?.e164 ?? ""}, 'Text', '{}', ${kind},
        'exact', false, 'en', false, null, ${later(AFTERNOON, after)}, ${interest})`;
  const of = (variant: number, n: number) => rows.filter((row) => row.variant === variant)[n]?.e164 as string;
  await answer(of(1, 0), "reply", "interested", HOUR);
  await answer(of(1, 0), "reply", null, 2 * HOUR);
  await answer(of(1, 1), "stop", null, HOUR);
  await answer(of(2, 0), "reply", "not_interested", HOUR);
  await answer(of(2, 1), "automatic", null, HOUR);
  await answer(of(2, 2), "wrong_number", null, HOUR);
  await answer(of(2, 3), "reply", null, 2 * DAY + HOUR);
  expect(await lookAt(bench.sql, id, later(AFTERNOON, 3 * DAY))).toBe("running");
  const [look] = await bench.sql`select arms from public.campaign_test_looks where campaign_id = ${id}`;
  expect(look?.arms).toMatchObject([
    { name: "A", mature: 20, replied: 1, interested: 1, opted_out: 1 },
    { name: "B", mature: 20, replied: 1, interested: 0, opted_out: 0 },
  ]);
});

describe("removing a test", () => {
  test("before the start deletes it; after the start ends it, and variants go on by their shares", async () => {
    await arrangeLeads(bench.db, org.id, 10);
    const id = await draft();
    await setUp(id);
    await user.sql`select private.end_campaign_test(${id}, ${AFTERNOON})`;
    expect(await bench.sql`select 1 from public.campaign_tests where campaign_id = ${id}`).toEqual([]);
    await setUp(id);
    await build(id);
    await start(id);
    await user.sql`select private.end_campaign_test(${id}, ${AFTERNOON})`;
    const [row] = await bench.sql`select status from public.campaign_tests where campaign_id = ${id}`;
    expect(row).toEqual({ status: "ended" });
    expect(await people(id)).toEqual({ "waiting 1 -": 5, "waiting 2 -": 5 });
    await expect(user.sql`select private.end_campaign_test(${id}, ${AFTERNOON})`).rejects.toMatchObject({
      code: "PT409",
    });
  });
});

describe("what would make a test worthless", () => {
  const blockers = async (id: string) =>
    (
      await bench.sql`select code, details ->> 'variant' as variant from private.start_blockers(${id}, ${AFTERNOON})`
    )
      .filter(({ variant }) => variant !== null)
      .map(({ code, variant }) => `${code} ${variant}`);

  test("a variant without an active text keeps the campaign from starting, and can't be promoted", async () => {
    const id = await draft();
    await setUp(id);
    await arrangeLeads(bench.db, org.id, 4);
    await build(id);
    expect(await blockers(id)).toEqual([]);
    await bench.sql`update public.templates set is_active = false where id = ${texts[1]}`;
    expect(await blockers(id)).toEqual(["no_templates B"]);
    await start(id);
    await expect(user.sql`select private.promote_variant(${id}, 'B', ${AFTERNOON})`).rejects.toMatchObject({
      code: "PT409",
      hint: "no_templates",
    });
    await user.sql`select private.promote_variant(${id}, 'A', ${AFTERNOON})`;
  });

  test("it does not write to several phones of one person", async () => {
    const all = await draft({ phones: "all" });
    await expect(setUp(all)).rejects.toMatchObject({ code: "PT409" });
    const id = await draft();
    await setUp(id);
    const change = (input: object) =>
      user.sql`select private.update_campaign(${id}, ${user.sql.json(input as never)})`;
    await expect(change({ phones: "all" })).rejects.toMatchObject({ code: "PT409" });
    await change({ phones: "primary" });
  });

  test("a deadline before anybody can count is a warning that must be acknowledged", async () => {
    const id = await draft();
    await setUp(id, { deadline: later(AFTERNOON, 4 * DAY) });
    await arrangeLeads(bench.db, org.id, 2);
    await build(id);
    const warned = async (now: Date) =>
      (
        await bench.sql`
          select w.must_acknowledge from public.campaigns c
          cross join lateral private.start_warnings(c, private.preflight_people(c, ${now}), private.forecast_of(c, ${now}), ${now}) w
          where c.id = ${id} and w.code = 'test_over'`
      ).map(({ must_acknowledge }) => must_acknowledge);
    expect(await warned(AFTERNOON)).toEqual([]);
    expect(await warned(later(AFTERNOON, 2 * DAY))).toEqual([true]);
  });

  test("setting it up again forgets a release of the test before", async () => {
    const id = await draft();
    await setUp(id, { test_percent: 20 });
    await bench.sql`update private.test_turns set move_at = ${AFTERNOON}, moved_to = 7, moved = 3 where campaign_id = ${id}`;
    await setUp(id, { test_percent: 20 });
    const [turn] =
      await bench.sql`select move_at, moved_to::int, moved from private.test_turns where campaign_id = ${id}`;
    expect(turn).toEqual({ move_at: null, moved_to: 0, moved: 0 });
  });
});
