// Rotation by what works: what counts, which shares follow from it, and that planning obeys them.
import jStat from "jstat";
import { beforeEach, describe, expect, it, test } from "vitest";
import { addTemplate } from "../../fixtures/add-templates.ts";
import {
  AFTERNOON,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  later,
  phoneAt,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import { countMade } from "../../fixtures/count-made.ts";
import { plan } from "../../fixtures/drive-sending.ts";
import type { Session } from "../../fixtures/open-session.ts";
import { type SeededRandom, seededRandom } from "../../fixtures/seeded-random.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const HOUR = 3600;
const DAY = 24 * HOUR;
const bench = useBareDatabase();
let org: ArrangedOrg;
let user: Session;
let texts: string[];
let campaign: string;
beforeEach(async () => {
  await bench.clear();
  await user?.rollback().then(() => user.end());
  org = await arrangeOrg(bench.db, { fields: { cooldown_days: 0 } });
  user = await signedIn(bench.db, org.adminId);
  texts = [];
  for (const name of ["A", "B", "C"]) {
    const content = `Hi {first_name}, ${name} here from {brand}. Reply STOP to end.`;
    texts.push(await addTemplate(bench.sql, org.id, { category: "initial", language: "en", content }));
  }
  texts.sort();
});

/** A running campaign with rotation thompson, created long before AFTERNOON. */
async function arrange(count = 2, leads = 0) {
  if (leads > 0) await arrangeLeads(bench.db, org.id, leads);
  campaign = await arrangeCampaign(
    bench.db,
    org,
    { rotation: "thompson", created_at: later(AFTERNOON, -60 * DAY) },
    { templates: texts.slice(0, count) },
  );
  await bench.sql`
    insert into private.rotation_turns (campaign_id, org_id, look_at, counted_to)
    values (${campaign}, ${org.id}, ${AFTERNOON}, ${later(AFTERNOON, -60 * DAY)})`;
}
const trial = (text: number, people: number, replied: number, { day = AFTERNOON, version = 1 } = {}) =>
  bench.sql`
    insert into private.rotation_trials as r (campaign_id, step, template_id, version, day, people, replied)
    values (${campaign}, 1, ${texts[text] ?? ""}, ${version}, ${day}, ${people}, ${replied})
    on conflict (campaign_id, step, template_id, version, day)
      do update set people = r.people + excluded.people, replied = r.replied + excluded.replied`;
async function learn(now = AFTERNOON) {
  for (;;) {
    const [row] = await bench.holder.sql`select private.learn_rotation(${campaign}, ${now}) as done`;
    if (row?.done !== "counting" && row?.done !== "choosing") return row?.done as string;
  }
}
/** The learned shares in hundredths of a percent, by text. */
async function shares(): Promise<(number | null)[]> {
  const rows = await bench.sql`
    select template_id, learned_share from public.campaign_templates where campaign_id = ${campaign}`;
  const of = new Map(rows.map((row) => [row.template_id, row.learned_share]));
  return texts.filter((id) => of.has(id)).map((id) => of.get(id));
}
/** Messages of a text that were planned at a time, of which the first ones were answered after so many seconds. */
async function sent(text: number, count: number, at: Date, answers: { after: number; is?: string }[] = []) {
  for (let n = 0; n < count; n++) {
    const them = phoneAt(countMade("rotation") % 1_800);
    const us = org.numbers[0]?.e164 ?? "";
    const [message] = await bench.sql`
      insert into public.messages (org_id, kind, step, campaign_id, template_id, template_version, language, phone_number_id,
        from_number, to_number, status, created_at, queued_at)
      values (${org.id}, 'campaign', 1, ${campaign}, ${texts[text] ?? ""}, 1, 'en', ${org.numbers[0]?.id ?? null}, ${us}, ${them},
        'failed', ${at}, ${at})
      returning id`;
    await bench.sql`update public.messages set status = 'delivered' where id = ${message?.id}`;
    const answer = answers[n];
    if (answer)
      await bench.sql`
        insert into public.messages (org_id, kind, phone_number_id, from_number, to_number, status, classification,
          answers_message_id, created_at)
        values (${org.id}, 'inbound', ${org.numbers[0]?.id ?? null}, ${them}, ${us}, 'received', ${answer.is ?? "reply"},
          ${message?.id}, ${later(at, answer.after)})`;
  }
}
const counted = async () =>
  (
    await bench.sql`
      select template_id, sum(people)::int as people, sum(replied)::int as replied from private.rotation_trials
      where campaign_id = ${campaign} group by 1 order by 1`
  ).map(({ people, replied }) => [people, replied]);

const create = (input: Record<string, unknown>) =>
  user.sql`select private.create_campaign(${bench.sql.json({ name: "R", ...input } as never)}) as id`.then(
    ([row]) => row?.id as string,
  );
const update = (id: string, input: Record<string, unknown>) =>
  user.sql`select private.update_campaign(${id}, ${bench.sql.json(input as never)})`;

describe("the arithmetic", () => {
  test("the logarithm of the gamma function is that of a public library", async () => {
    for (const x of [0.01, 0.5, 1, 1.5, 2, 10, 99.5, 1e4, 1e7]) {
      const [row] = await bench.sql`select private.log_gamma(${x}) as y`;
      const expected = jStat.gammaln(x);
      expect([x, Math.abs(row?.y - expected) < 1e-9 * Math.max(1, Math.abs(expected))]).toEqual([x, true]);
    }
    expect((await bench.sql`select private.log_gamma(0) as y`)[0]?.y).toBeNull();
  });

  test.each([
    [
      [3, 5],
      [97, 95],
    ],
    [
      [0, 0],
      [100, 100],
    ],
    [
      [50, 80],
      [950, 920],
    ],
    [
      [5, 6, 9, 2],
      [100, 200, 140, 50],
    ],
    [
      [12.5, 300.25, 7],
      [140.5, 8_000, 90],
    ],
    [
      [2_000, 2_100],
      [48_000, 47_900],
    ],
    [
      [10, 25_000],
      [90, 475_000],
    ],
    [
      [4, 4, 4, 4, 4, 4, 4, 4, 4, 40],
      [96, 96, 96, 96, 96, 96, 96, 96, 96, 960],
    ],
  ])(
    "after %j replied and %j did not, the chance to be the best is that of beta distributions",
    async (yes, no) => {
      const [row] = await bench.sql`select private.chances_to_be_best(${yes}, ${no}) as chances`;
      const chances = row?.chances as number[];
      expect(Math.abs(chances.reduce((sum, x) => sum + x, 0) - 1)).toBeLessThan(1e-9);
      const expected = integrate(yes, no);
      for (const [n, chance] of chances.entries())
        expect([n, Math.abs(chance - (expected[n] ?? 0)) < 2e-4]).toEqual([n, true]);
    },
  );

  test("draws of beta distributions say the same", async () => {
    const random = seededRandom("rotation-draws");
    const [yes, no] = [
      [30, 40, 35],
      [970, 960, 965],
    ];
    const won = [0, 0, 0];
    for (let n = 0; n < 20_000; n++) {
      const drawn = yes.map((r, i) => jStat.beta.inv(random.next(), 1 + r, 1 + (no[i] ?? 0)));
      const best = drawn.indexOf(Math.max(...drawn));
      won[best] = (won[best] ?? 0) + 1;
    }
    const [row] = await bench.sql`select private.chances_to_be_best(${yes}, ${no}) as chances`;
    // Five standard deviations of 20,000 draws.
    for (const [i, n] of won.entries()) expect(Math.abs(n / 20_000 - row?.chances[i])).toBeLessThan(0.018);
  });

  test("shares lie between 5 and 60 %, add up to 1 and keep their order", async () => {
    const random = seededRandom("rotation-shares");
    for (const k of [2, 3, 5, 10, 11, 50, 200]) {
      const raw = Array.from({ length: k }, () => random.next() ** 4);
      const sum = raw.reduce((total, x) => total + x, 0);
      const given = raw.map((x) => x / sum);
      const [row] = await bench.sql`select private.bounded_shares(${given}) as shares`;
      const got = row?.shares as number[];
      expect(Math.abs(got.reduce((total, x) => total + x, 0) - 1)).toBeLessThan(1e-6);
      expect(Math.min(...got)).toBeGreaterThan(Math.min(0.05, 0.5 / k) - 1e-9);
      expect(Math.max(...got)).toBeLessThan(0.6 + 1e-9);
      const order = (list: number[]) => list.map((x, n) => [x, n] as const).sort((a, b) => a[0] - b[0]);
      const ranked = order(given).map(([, n]) => got[n] ?? 0);
      for (let n = 1; n < k; n++) expect((ranked[n] ?? 0) - (ranked[n - 1] ?? 0)).toBeGreaterThan(-1e-9);
    }
    expect(
      (await bench.sql`select private.bounded_shares('{1,0}') as s`)[0]?.s.map((x: number) => x.toFixed(3)),
    ).toEqual(["0.600", "0.400"]);
  });
});

describe("what counts", () => {
  it("is who had 48 hours to reply, and replied within them", async () => {
    await arrange();
    const old = later(AFTERNOON, -5 * DAY);
    await sent(0, 5, old, [
      { after: 60 },
      { after: 47 * HOUR },
      { after: 49 * HOUR },
      { after: 60, is: "stop" },
    ]);
    await sent(1, 4, old, [
      { after: 60, is: "automatic" },
      { after: 60, is: "wrong_number" },
    ]);
    await sent(1, 3, later(AFTERNOON, -2 * DAY), [{ after: 60 }]);
    await learn();
    expect(await counted()).toEqual([
      [5, 2],
      [4, 0],
    ]);
  });

  it("is counted once, however often one looks", async () => {
    await arrange();
    await sent(0, 3, later(AFTERNOON, -3 * DAY), [{ after: 60 }]);
    await learn();
    await sent(1, 2, later(AFTERNOON, -2 * DAY + HOUR));
    for (let n = 1; n <= 20; n++) await learn(later(AFTERNOON, n * 6 * HOUR));
    expect(await counted()).toEqual([
      [3, 1],
      [2, 0],
    ]);
  });

  it("is not the newest: a text that was sent most lately is not worse because nobody had time to answer", async () => {
    await arrange();
    await trial(0, 500, 25);
    await trial(1, 500, 25);
    await sent(1, 300, later(AFTERNOON, -40 * HOUR));
    expect(await learn()).toBe("chosen");
    expect(await shares()).toEqual([5_000, 5_000]);
  });

  it("is what arrived: a text that was sent again because it did not counts once", async () => {
    await arrange();
    const old = later(AFTERNOON, -5 * DAY);
    await sent(0, 1, old);
    const [first] = await bench.sql`
      update public.messages set status = 'undelivered' where campaign_id = ${campaign} returning to_number`;
    await sent(1, 1, later(old, HOUR), [{ after: 60 }]);
    await bench.sql`
      update public.messages set to_number = ${first?.to_number} where campaign_id = ${campaign} and status = 'delivered'`;
    await sent(0, 1, old);
    await bench.sql`
      update public.messages set status = 'undelivered' where campaign_id = ${campaign} and to_number <> ${first?.to_number}`;
    await learn();
    expect(await counted()).toEqual([
      [1, 0],
      [1, 1],
    ]);
  });

  it("is of this campaign and step alone", async () => {
    await arrange();
    const first = campaign;
    await arrange();
    await sent(0, 4, later(AFTERNOON, -5 * DAY), [{ after: 60 }]);
    [campaign] = [first];
    await learn();
    expect(await counted()).toEqual([]);
  });

  it("is not lost or counted twice if the count is cut off in the middle", async () => {
    await arrange();
    await sent(0, 2, later(AFTERNOON, -50 * DAY), [{ after: 60 }]);
    await sent(1, 2, later(AFTERNOON, -4 * DAY));
    await bench.holder.sql`begin`;
    await bench.holder.sql`select private.learn_rotation(${campaign}, ${AFTERNOON})`;
    await bench.holder.rollback();
    await learn();
    expect(await counted()).toEqual([
      [2, 1],
      [2, 0],
    ]);
  });
});

describe("the shares", () => {
  it("are those of the weights until 100 people for each text are counted", async () => {
    await arrange(3);
    for (const [n, people] of [100, 100, 99].entries()) await trial(n, people, 0);
    await learn();
    expect(await shares()).toEqual([null, null, null]);
    await trial(2, 1, 0);
    await learn(later(AFTERNOON, 6 * HOUR));
    expect(await shares()).toEqual([3_333, 3_333, 3_333]);
  });

  it("follow what people reply to, within 5 and 60 %", async () => {
    await arrange(3);
    await trial(0, 1_000, 30);
    await trial(1, 1_000, 80);
    await trial(2, 1_000, 35);
    await learn();
    const [a, b, c] = await shares();
    expect(b).toBe(6_000);
    expect((a ?? 0) + (c ?? 0)).toBeGreaterThanOrEqual(3_999);
    const looks = await bench.sql`
      select template_id, version, people::int, replied::int, best, share from public.campaign_rotation_looks
      where campaign_id = ${campaign} order by template_id`;
    expect(looks).toHaveLength(3);
    expect(looks[1]).toMatchObject({
      template_id: texts[1],
      version: 1,
      people: 1000,
      replied: 80,
      share: 0.6,
    });
    expect(looks[1]?.best).toBeGreaterThan(0.999);
  });

  it("leave an even part to a text that was changed, until its new version is known as well", async () => {
    await arrange(3);
    await trial(0, 1_000, 30);
    await trial(1, 1_000, 80);
    await trial(2, 1_000, 35);
    await bench.sql`update public.templates set version = 2 where id = ${texts[1] ?? ""}`;
    await bench.sql`
      insert into public.template_versions (org_id, template_id, version, content, worst_segments)
      select org_id, id, 2, content, worst_segments from public.templates where id = ${texts[1] ?? ""} on conflict do nothing`;
    await learn();
    expect((await shares())[1]).toBe(3_333);
  });

  it("forget: what people replied long ago weighs less", async () => {
    await arrange();
    const long = later(AFTERNOON, -120 * DAY);
    await trial(0, 2_000, 200, { day: long });
    await trial(1, 2_000, 100, { day: long });
    await trial(0, 400, 12);
    await trial(1, 400, 36);
    await learn();
    expect(await shares()).toEqual([4_000, 6_000]);
  });

  it("are chosen every six hours while the campaign runs, and not after it", async () => {
    await arrange();
    await trial(0, 200, 10);
    await trial(1, 200, 10);
    expect(await learn()).toBe("chosen");
    expect(await learn(later(AFTERNOON, 6 * HOUR - 1))).toBe("not_due");
    expect(await learn(later(AFTERNOON, 6 * HOUR))).toBe("chosen");
    await bench.sql`update public.campaigns set status = 'stopped', finished_at = now() where id = ${campaign}`;
    expect(await learn(later(AFTERNOON, 12 * HOUR))).toBe("ended");
    expect(await learn(later(AFTERNOON, 18 * HOUR))).toBe("not_due");
  });

  it("are chosen by one at a time", async () => {
    await arrange();
    await trial(0, 200, 10);
    await trial(1, 200, 10);
    await bench.holder.begin();
    await bench.holder.sql`select private.learn_rotation(${campaign}, ${AFTERNOON})`;
    const [row] = await bench.sql`select private.learn_rotation(${campaign}, ${AFTERNOON}) as done`;
    expect(row?.done).toBe("not_due");
    await bench.holder.commit();
    expect(await learn()).toBe("chosen");
    const looks =
      await bench.sql`select 1 from public.campaign_rotation_looks where campaign_id = ${campaign}`;
    expect(looks).toHaveLength(2);
  });

  it("are kept once for what was counted, not once for every look", async () => {
    await arrange();
    await trial(0, 200, 10);
    await trial(1, 200, 10);
    for (let n = 0; n < 5; n++) await learn(later(AFTERNOON, n * 6 * HOUR));
    const looks = async () =>
      (await bench.sql`select 1 from public.campaign_rotation_looks where campaign_id = ${campaign}`).length;
    expect(await looks()).toBe(2);
    await trial(0, 1, 0);
    await learn(later(AFTERNOON, 5 * 6 * HOUR));
    expect(await looks()).toBe(4);
  });

  it("leave a text that is activated an equal part, also if it had another one before it was paused", async () => {
    await arrange(3);
    await trial(0, 1_000, 30);
    await trial(1, 1_000, 80);
    await trial(2, 1_000, 30);
    await learn();
    const activate = (on: boolean) =>
      bench.sql`update public.templates set is_active = ${on} where id = ${texts[1] ?? ""}`;
    await activate(false);
    await learn(later(AFTERNOON, 6 * HOUR));
    expect(await shares()).toEqual([5_000, null, 5_000]);
    await activate(true);
    expect(await shares()).toEqual([5_000, 3_333, 5_000]);
  });

  it("stay, with the weights, if a page saves the same texts again", async () => {
    campaign = await create({
      rotation: "thompson",
      template_ids: texts,
      template_weights: { [texts[0] ?? ""]: 5 },
    });
    await bench.sql`update public.campaign_templates set learned_share = 3333 where campaign_id = ${campaign}`;
    await update(campaign, { name: "Saved", template_ids: [...texts].reverse() });
    expect(await shares()).toEqual([3_333, 3_333, 3_333]);
    const [row] = await bench.sql`
      select max(weight)::int as weight from public.campaign_templates where campaign_id = ${campaign}`;
    expect(row?.weight).toBe(5);
    await update(campaign, { template_ids: texts.slice(0, 2) });
    expect(await shares()).toEqual([null, null]);
  });

  it("of two hundred texts of very different numbers add up", async () => {
    await arrange();
    const counts = Array.from({ length: 200 }, (_, n) =>
      n === 0 ? [250_000, 7_500] : n === 1 ? [100, 50] : [100, 3],
    );
    const [row] = await bench.sql`
      select private.learned_chances(array(
        select (gen_random_uuid(), 1, (c ->> 0)::bigint, (c ->> 1)::bigint, (c ->> 0)::float8, (c ->> 1)::float8)::private.rotation_text
        from jsonb_array_elements(${bench.sql.json(counts)}) with ordinality as x(c, n) order by n)) as chances`;
    const chances = row?.chances as number[];
    expect(chances).toHaveLength(200);
    expect(Math.abs(chances.reduce((sum, x) => sum + x, 0) - 1)).toBeLessThan(1e-9);
    expect(chances[1]).toBeGreaterThan(0.999);
  });

  it("do not wait for, nor hold up, who changes the campaign", async () => {
    await arrange();
    await bench.sql.begin(async (tx) => {
      await tx`select 1 from public.campaigns where id = ${campaign} for no key update`;
      expect(await learn()).toBe("busy");
    });
    expect(await learn()).toBe("chosen");
  });
});

describe("planning", () => {
  const used = async () => {
    const rows = await bench.sql`
      select template_id, count(*)::int as n from public.messages
      where campaign_id = ${campaign} and status = 'queued' group by 1`;
    const of = new Map(rows.map(({ template_id, n }) => [template_id, n]));
    return texts.map((id) => of.get(id) ?? 0);
  };

  it("draws texts by the learned shares, whatever was used before", async () => {
    await arrange(3, 600);
    await bench.sql`
      update public.campaign_templates set learned_share = case template_id when ${texts[0] ?? ""} then 6000
        when ${texts[1] ?? ""} then 3000 else 1000 end where campaign_id = ${campaign}`;
    await bench.sql`update private.template_usage set uses = 1000000 where template_id = ${texts[0] ?? ""}`;
    await bench.sql`update private.number_pace set next_slot_at = '-infinity'`;
    await bench.a.sql`select setseed(${seededRandom("rotation-plan").next()})`;
    let planned = 0;
    for (let n = 0; n < 60 && planned < 600; n++) planned += await plan(bench.a.sql, later(AFTERNOON, n));
    const [a, b, c] = (await used()) as [number, number, number];
    expect(a + b + c).toBe(planned);
    expect(planned).toBeGreaterThan(100);
    // Five standard deviations.
    for (const [n, share] of [
      [a, 0.6],
      [b, 0.3],
      [c, 0.1],
    ] as const)
      expect(Math.abs(n - planned * share)).toBeLessThan(5 * Math.sqrt(planned * share * (1 - share)));
  });

  it("never draws a text that is paused", async () => {
    await arrange(3, 50);
    await bench.sql`update public.campaign_templates set learned_share = 3333 where campaign_id = ${campaign}`;
    await bench.sql`update public.templates set is_active = false where id = ${texts[1] ?? ""}`;
    const planned = await plan(bench.a.sql, AFTERNOON);
    const [a, b, c] = (await used()) as [number, number, number];
    expect([b, a + c]).toEqual([0, planned]);
  });

  it("of one person at a time is as fair", async () => {
    await bench.holder.sql`select setseed(${seededRandom("rotation-one").next()})`;
    const [row] = await bench.holder.sql`
      select count(*) filter (where d = 1)::int as first, count(*)::int as n
      from generate_series(1, 4000) g
      cross join lateral (select (private.draw_texts(array[
        (gen_random_uuid(), 1, null, 750, 0, '', 1)::private.plan_text,
        (gen_random_uuid(), 1, null, 250, g * 0, '', 1)::private.plan_text], 1::smallint, 1))[1] as d) x`;
    expect(row?.n).toBe(4000);
    expect(Math.abs(row?.first - 3000)).toBeLessThan(5 * Math.sqrt(4000 * 0.75 * 0.25));
  });
});

describe("over weeks", () => {
  /** Ten weeks of looks every six hours; 100 people between two looks, whose replies count two days later. */
  async function run(rates: number[], random: SeededRandom) {
    await arrange(rates.length);
    const waiting: { text: number; people: number; replied: number }[][] = [];
    const total = rates.map(() => 0);
    let now = AFTERNOON;
    for (let look = 0; look < 280; look++) {
      const learned = await shares();
      const sum = learned.reduce<number>((all, share) => all + (share ?? 1), 0);
      const batch = rates.map((rate, text) => {
        const people = Math.round((100 * (learned[text] ?? 1)) / sum);
        total[text] = (total[text] ?? 0) + people;
        let replied = 0;
        for (let n = 0; n < people; n++) if (random.next() < rate) replied++;
        return { text, people, replied };
      });
      waiting.push(batch);
      const mature = waiting.length > 8 ? waiting.shift() : undefined;
      const day = later(now, -2 * DAY);
      for (const { text, people, replied } of mature ?? []) await trial(text, people, replied, { day });
      await bench.sql`update private.rotation_turns set counted_to = ${now}, look_at = ${now} where campaign_id = ${campaign}`;
      await learn(now);
      now = later(now, 6 * HOUR);
    }
    return total.map((people) => people / total.reduce((all, x) => all + x, 0));
  }

  it("a better text gets most of the people, and the others are still tried", async () => {
    const [a, b, c] = (await run([0.04, 0.08, 0.04], seededRandom("rotation-better"))) as [
      number,
      number,
      number,
    ];
    expect(b).toBeGreaterThan(0.5);
    expect(Math.min(a, c)).toBeGreaterThan(0.1);
  });

  it("equal texts stay near equal parts: none is given up by chance", async () => {
    const parts = await run([0.05, 0.05], seededRandom("rotation-equal"));
    for (const part of parts) expect(part).toBeGreaterThanOrEqual(0.4);
  });
});

describe("who sets it", () => {
  const fieldOf = (call: Promise<unknown>) =>
    call.then(
      () => "done",
      ({ detail }) => JSON.parse(detail).errors[0].field,
    );
  const variants = () => [
    { name: "A", share: 1, template_ids: [texts[0]] },
    { name: "B", share: 1, template_ids: [texts[1]] },
  ];

  it("gets it looked at, also in a copy, and can turn it off and on without counting twice", async () => {
    campaign = await create({ rotation: "thompson", template_ids: texts });
    const [copy] = await user.sql`select private.clone_campaign(${campaign}) as id`;
    const turns = await bench.sql`
      select campaign_id from private.rotation_turns where look_at is not null and org_id = ${org.id}`;
    expect(turns.map(({ campaign_id }) => campaign_id).sort()).toEqual([campaign, copy?.id].sort());
    await bench.sql`update public.campaigns set created_at = ${later(AFTERNOON, -60 * DAY)} where id = ${campaign}`;
    await bench.sql`
      update private.rotation_turns set counted_to = ${later(AFTERNOON, -60 * DAY)}, look_at = ${AFTERNOON}
      where campaign_id = ${campaign}`;
    await bench.sql`update public.campaigns set status = 'running', started_at = created_at where id = ${campaign}`;
    await sent(0, 2, later(AFTERNOON, -5 * DAY), [{ after: 60 }]);
    await learn();
    await update(campaign, { rotation: "even" });
    expect(await shares()).toEqual([null, null, null]);
    await update(campaign, { rotation: "thompson" });
    await bench.sql`update private.rotation_turns set look_at = ${AFTERNOON} where campaign_id = ${campaign}`;
    await learn(later(AFTERNOON, DAY));
    expect(await counted()).toEqual([[2, 1]]);
  });

  it("can't combine it with variants, in whatever order", async () => {
    expect(await fieldOf(create({ rotation: "thompson", variants: variants() }))).toBe("rotation");
    const learning = await create({ rotation: "thompson", template_ids: texts });
    expect(await fieldOf(update(learning, { variants: variants() }))).toBe("rotation");
    const varied = await create({ variants: variants() });
    expect(await fieldOf(update(varied, { rotation: "thompson" }))).toBe("rotation");
    expect(await fieldOf(create({ rotation: "bandit" }))).toBe("rotation");
  });

  it("reads what it learned, with the share of each text", async () => {
    await arrange(3);
    await trial(0, 300, 9);
    await trial(1, 300, 30);
    await trial(2, 300, 9);
    await learn();
    const [row] = await user.sql`select private.campaign_rotation(${campaign}) as read`;
    expect(row?.read).toMatchObject({
      rotation: "thompson",
      status: "learned",
      steps: [{ step: 1, is_learned: true, people_counted: 900, people_needed: 300 }],
    });
    const [step] = row?.read.steps ?? [];
    expect(step.texts.reduce((sum: number, { share }: { share: number }) => sum + share, 0)).toBeCloseTo(
      100,
      0,
    );
    const best = step.texts.find((text: { template_id: string }) => text.template_id === texts[1]);
    expect(best).toMatchObject({
      share: 60,
      reply_rate: { numerator: 30, denominator: 300 },
      is_active: true,
    });
    expect(best.best).toBeGreaterThan(99);
  });

  it("reads what it waits for, and says nothing of times before the start and after the end", async () => {
    const read = async (id: string) =>
      (await user.sql`select private.campaign_rotation(${id}) as read`)[0]?.read as Record<string, unknown>;
    const draft = await create({ rotation: "thompson", template_ids: texts });
    expect(await read(draft)).toMatchObject({ status: "not_started", counts_from: null, next_look_at: null });
    await arrange(3);
    expect(await read(campaign)).toMatchObject({
      status: "collecting",
      counts_from: expect.stringContaining("2026-06-12T20:00:00"),
      next_look_at: expect.any(String),
      steps: [{ people_counted: 0, people_needed: 300, looked_at: null }],
    });
    await bench.sql`update public.campaigns set status = 'completed', finished_at = now() where id = ${campaign}`;
    expect(await read(campaign)).toMatchObject({ status: "ended", counts_from: null, next_look_at: null });
  });

  it("reads the shares of variants, also after a promotion", async () => {
    const id = await create({
      variants: [
        { name: "A", share: 1, template_ids: [texts[0]] },
        { name: "B", share: 3, template_ids: [texts[1], texts[2]] },
      ],
      test: { metric: "replied" },
    });
    const of = async () => {
      const [row] = await user.sql`select private.campaign_rotation(${id}) as read`;
      expect(row?.read).toMatchObject({ status: "even", steps: [{ people_needed: null }] });
      return row?.read.steps[0].texts
        .map(({ variant, share }: { variant: string; share: number }) => `${variant} ${share}`)
        .sort();
    };
    expect(await of()).toEqual(["A 25", "B 37.5", "B 37.5"]);
    await bench.sql`
      update public.campaign_tests set promoted = 1, promoted_at = now() where campaign_id = ${id}`;
    expect(await of()).toEqual(["A 100", "B 0", "B 0"]);
  });
});

/** The chance of each text to have the highest rate: Simpson's rule over the product of jStat's beta distributions. */
function integrate(yes: number[], no: number[]): number[] {
  const shapes = yes.map((r, n) => [1 + r, 1 + (no[n] ?? 0)] as const);
  const ends = shapes.map(([a, b]) => {
    const mean = a / (a + b);
    const deviation = Math.sqrt((a * b) / ((a + b) ** 2 * (a + b + 1)));
    return [Math.max(mean - 9 * deviation, 1e-12), Math.min(mean + 9 * deviation, 1 - 1e-12)] as const;
  });
  return shapes.map(([a, b], n) => {
    const [low, high] = ends[n] as readonly [number, number];
    const steps = 2_000;
    const width = (high - low) / steps;
    let sum = 0;
    for (let i = 0; i <= steps; i++) {
      const x = low + i * width;
      const others = shapes.reduce((all, [c, d], m) => (m === n ? all : all * jStat.beta.cdf(x, c, d)), 1);
      sum += jStat.beta.pdf(x, a, b) * others * (i === 0 || i === steps ? 1 : i % 2 ? 4 : 2);
    }
    return (sum * width) / 3;
  });
}
