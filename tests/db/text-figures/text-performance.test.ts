// How well texts work: the counts of days equal those of a slow model after any changes in any order, and the rates and comparisons
// made of them equal their textbook formulas.
import jStat from "jstat";
import { beforeEach, describe, expect, test } from "vitest";
import { addTemplate } from "../../fixtures/add-templates.ts";
import {
  AFTERNOON,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeOrg,
  later,
  phoneAt,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import { type SeededRandom, seededRandom } from "../../fixtures/seeded-random.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const DAY = 86_400;
const bench = useBareDatabase();
let org: ArrangedOrg;
let campaigns: string[];
let templates: string[];
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db, { fields: { time_zone: "America/Chicago" } });
  templates = [
    org.templateId,
    await addTemplate(bench.sql, org.id, {
      category: "initial",
      language: "en",
      content: "Hi {first_name}, land?",
    }),
  ];
  campaigns = [await arrangeCampaign(bench.db, org), await arrangeCampaign(bench.db, org)];
});

interface Sent {
  id: string;
  to: string;
  at: Date;
  template: string;
  campaign: string;
  version: number;
  status: string;
  code: number | null;
  answers: string[];
}

let people = 0;
async function send(fields: Partial<Sent> = {}): Promise<Sent> {
  const sent = {
    to: phoneAt(people++ % 90_000),
    at: AFTERNOON,
    template: templates[0] as string,
    campaign: campaigns[0] as string,
    version: 1,
    status: "delivered",
    code: null,
    answers: [],
    ...fields,
  };
  const [row] = await bench.sql`
    insert into public.messages ${bench.sql({
      org_id: org.id,
      kind: "campaign",
      step: 1,
      campaign_id: sent.campaign,
      template_id: sent.template,
      template_version: sent.version,
      language: "en",
      phone_number_id: org.numbers[0]?.id as string,
      from_number: org.numbers[0]?.e164 as string,
      to_number: sent.to,
      status: sent.status,
      error_code: sent.code,
      segments: 2,
      cost: 0.0166,
      created_at: sent.at,
      queued_at: sent.at,
    })} returning id`;
  // A message that is inserted with its outcome, which only tests do, tells nobody.
  await bench.sql`update public.messages set status = status where id = ${row?.id}`;
  return { ...sent, id: row?.id };
}
async function answer(
  to: Sent,
  classification: string,
  at: Date,
  interest: string | null = null,
): Promise<void> {
  to.answers.push(interest === "interested" ? `${classification} interested` : classification);
  await bench.sql`
    insert into public.messages ${bench.sql({
      org_id: org.id,
      kind: "inbound",
      phone_number_id: org.numbers[0]?.id as string,
      from_number: to.to,
      to_number: org.numbers[0]?.e164 as string,
      status: "received",
      classification,
      interest,
      answers_message_id: to.id,
      created_at: at,
      queued_at: at,
    })}`;
}
/** As cron and the task do. */
async function count(now = AFTERNOON): Promise<void> {
  await bench.holder.sql`select private.score_numbers(${org.id}, ${now})`;
  for (;;) {
    await bench.holder.sql`select private.count_texts(${org.id})`;
    const [left] =
      await bench.sql`select count(*)::int as n from private.text_marks where org_id = ${org.id}`;
    if (left?.n === 0) return;
  }
}
async function performance(id: string, from?: string, to?: string) {
  const user = await signedIn(bench.db, org.adminId);
  const [row] = await user.sql`
    select private.template_performance(${id}, ${from ?? null}::text::date, ${to ?? null}::text::date, ${AFTERNOON}) as found`;
  await user.end();
  return row?.found;
}
async function compared() {
  const user = await signedIn(bench.db, org.adminId);
  const [row] = await user.sql`select private.compare_templates(null, null, ${AFTERNOON}) as found`;
  await user.end();
  return row?.found.texts;
}

const NO_REPLY = ["stop", "help", "start", "wrong_number", "deceased", "automatic", "disliked"];
const localDay = (at: Date) => new Intl.DateTimeFormat("en-CA", { timeZone: "America/Chicago" }).format(at);

/** Counts message by message. */
function model(messages: Sent[]): Record<string, unknown>[] {
  const rows = new Map<string, Record<string, number | string>>();
  for (const { at, campaign, template, version, status, code, answers } of messages) {
    if (status === "queued" || status === "canceled") continue;
    const day = localDay(at);
    const key = [day, campaign, template, version].join();
    const row = rows.get(key) ?? {
      day,
      campaign,
      template,
      version,
      sent: 0,
      delivered: 0,
      undelivered: 0,
      filtered: 0,
      failed: 0,
      unknown: 0,
      reached: 0,
      responded: 0,
      replied: 0,
      interested: 0,
      opted_out: 0,
      wrong_number: 0,
      segments: 0,
    };
    rows.set(key, row);
    const add = (name: string, n: boolean | number) => {
      row[name] = Number(row[name]) + Number(n);
    };
    const isAnswered = status === "unknown" && answers.length > 0;
    const isSent = ["sent", "delivered", "undelivered"].includes(status) || isAnswered;
    const words = answers.map((each) => each.split(" ")[0] as string);
    add("sent", isSent);
    add("delivered", status === "delivered");
    add("undelivered", status === "undelivered");
    add("filtered", isSent && (code === 30007 || code === 30004));
    add("failed", status === "failed");
    add("unknown", status === "unknown" && !isAnswered);
    add("reached", isSent && (status !== "undelivered" || answers.length > 0));
    add("responded", isSent && answers.length > 0);
    add("replied", isSent && words.some((word) => !NO_REPLY.includes(word)));
    add("interested", isSent && answers.some((each) => each.endsWith(" interested")));
    add("opted_out", isSent && words.includes("stop"));
    add("wrong_number", isSent && words.includes("wrong_number"));
    add("segments", isSent ? 2 : 0);
  }
  return [...rows.values()].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
async function counted(): Promise<Record<string, unknown>[]> {
  const rows = await bench.sql`
    select day::text, campaign_id as campaign, template_id as template, version, sent, delivered, undelivered, filtered, failed,
      unknown, reached, responded, replied, interested, opted_out, wrong_number, segments
    from private.text_days where org_id = ${org.id}`;
  return rows.map((row) => ({ ...row })).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

describe("the counts of days", () => {
  test("equal those of the messages after any changes, in any order, however late", async () => {
    const random: SeededRandom = seededRandom("text days");
    const messages: Sent[] = [];
    const statuses = [
      "sent",
      "delivered",
      "delivered",
      "undelivered",
      "failed",
      "unknown",
      "queued",
      "canceled",
    ];
    for (let i = 0; i < 120; i++) {
      const roll = random.next();
      if (roll < 0.5 || messages.length === 0) {
        messages.push(
          await send({
            at: later(AFTERNOON, -random.below(12 * DAY)),
            template: random.pick(templates),
            campaign: random.pick(campaigns),
            version: 1 + random.below(2),
            status: random.pick(statuses),
          }),
        );
      } else if (roll < 0.75) {
        // A receipt, perhaps nine days late.
        const message = random.pick(messages);
        message.status = random.pick(["delivered", "undelivered"]);
        message.code = message.status === "undelivered" ? random.pick([30007, 30004, 30003]) : null;
        await bench.sql`
          update public.messages set status = ${message.status}, error_code = ${message.code} where id = ${message.id}`;
      } else {
        await answer(
          random.pick(messages),
          random.pick(["reply", "interested", "stop", "wrong_number", "help", "not_interested", "automatic"]),
          later(AFTERNOON, -random.below(3 * DAY)),
          random.pick(["interested", null]),
        );
      }
      if (random.next() < 0.1) await count();
    }
    await count();
    expect(await counted()).toEqual(model(messages));
  });

  test("follow the organisation into another time zone", async () => {
    await send({ at: new Date("2026-06-10T03:00:00Z") });
    await count();
    expect((await counted()).map(({ day }) => day)).toEqual(["2026-06-09"]);
    await bench.sql`update public.orgs set time_zone = 'UTC' where id = ${org.id}`;
    await count();
    expect((await counted()).map(({ day }) => day)).toEqual(["2026-06-10"]);
  });

  test("are kept for 25 months", async () => {
    await send({ at: later(AFTERNOON, -800 * DAY) });
    await count();
    expect(await counted()).toHaveLength(1);
    await bench.holder.sql`select private.prune(${AFTERNOON})`;
    expect(await counted()).toEqual([]);
  });
});

/** So many people reached, and so many of them replied. */
async function arrange(template: string, campaign: string, reached: number, replied: number): Promise<void> {
  for (let n = 0; n < reached; n++) {
    const sent = await send({ template, campaign, at: later(AFTERNOON, -20 * DAY) });
    if (n < replied) await answer(sent, "reply", later(AFTERNOON, -19 * DAY));
  }
}

describe("what people read", () => {
  test("has every rate with numerator, denominator and interval, by version and campaign", async () => {
    const [one, two] = [await send(), await send({ status: "undelivered", code: 30007, version: 2 })];
    await send({ status: "failed" });
    await answer(one, "interested", AFTERNOON, "interested");
    await answer(two, "stop", AFTERNOON);
    await count();
    const found = await performance(templates[0] as string);
    expect(found.total).toMatchObject({
      sent: 2,
      segments: 4,
      delivery_rate: { value: 50, numerator: 1, denominator: 2, enough: false, provisional: true },
      filtered_rate: { value: 50 },
      response_rate: { value: 100, numerator: 2, denominator: 2 },
      reply_rate: { value: 50, numerator: 1, denominator: 2 },
      interest_rate: { value: 100, numerator: 1, denominator: 1 },
      opt_out_rate: { value: 50, numerator: 1, denominator: 2 },
    });
    expect(
      found.versions.map(({ version, sent }: { version: number; sent: number }) => [version, sent]),
    ).toEqual([
      [2, 1],
      [1, 1],
    ]);
    expect(found.campaigns).toMatchObject([{ campaign_id: campaigns[0], sent: 2 }]);
    expect(found.within_campaigns).toBeNull();
    const unused = await performance(templates[1] as string);
    expect(unused.total.reply_rate).toMatchObject({
      value: null,
      low: null,
      denominator: 0,
      provisional: false,
    });
  });

  test("compares a text with the others of its campaigns, as Mantel and Haenszel do", async () => {
    const table = [
      [60, 9, 50, 3],
      [40, 4, 70, 5],
    ] as const;
    for (const [i, [n1, a, n2, b]] of table.entries()) {
      await arrange(templates[0] as string, campaigns[i] as string, n1, a);
      await arrange(templates[1] as string, campaigns[i] as string, n2, b);
    }
    await count();
    let [r, q, v, excess, spread] = [0, 0, 0, 0, 0];
    for (const [n1, a, n2, b] of table) {
      const [n, m] = [n1 + n2, a + b];
      r += (a * n2) / n;
      q += (b * n1) / n;
      v += (m * n1 * n2 - a * b * n) / n ** 2;
      excess += a - (n1 * m) / n;
      spread += (n1 * n2 * m * (n - m)) / (n ** 2 * (n - 1));
    }
    const half = jStat.normal.inv(0.975, 0, 1) * Math.sqrt(v / (r * q));
    const { within_campaigns: found } = await performance(templates[0] as string);
    expect(found.campaigns).toBe(2);
    expect(found.ratio).toBeCloseTo(r / q, 3);
    expect(found.low).toBeCloseTo(Math.exp(Math.log(r / q) - half), 3);
    expect(found.high).toBeCloseTo(Math.exp(Math.log(r / q) + half), 3);
    expect(found.p).toBeCloseTo(1 - jStat.chisquare.cdf(excess ** 2 / spread, 1), 8);
  });

  test("never compares texts of different steps: people answer a second text less", async () => {
    const [first, second] = templates as [string, string];
    await arrange(first, campaigns[0] as string, 60, 12);
    await arrange(second, campaigns[0] as string, 60, 2);
    await bench.sql`update public.messages set step = 2 where org_id = ${org.id} and template_id = ${second} and kind = 'campaign'`;
    await count();
    expect((await performance(second)).within_campaigns).toBeNull();
    // Beside another text of its own step it is compared with that one alone.
    const third = await addTemplate(bench.sql, org.id, {
      category: "followup",
      language: "en",
      content: "Hi?",
    });
    await arrange(third, campaigns[0] as string, 60, 2);
    await bench.sql`update public.messages set step = 2 where org_id = ${org.id} and template_id = ${third} and kind = 'campaign'`;
    await count();
    expect((await performance(second)).within_campaigns).toMatchObject({ campaigns: 1, ratio: 1 });
  });

  test("ranks texts by what their reply rate is at least, and only with enough people", async () => {
    const few = await addTemplate(bench.sql, org.id, {
      category: "initial",
      language: "en",
      content: "Hi {first_name}, sell?",
    });
    await arrange(few, campaigns[0] as string, 20, 15);
    await arrange(templates[0] as string, campaigns[0] as string, 200, 10);
    await arrange(templates[1] as string, campaigns[0] as string, 210, 40);
    await count();
    const found = await compared();
    expect(
      found.map(({ template_id, rank }: { template_id: string; rank: number }) => [template_id, rank]),
    ).toEqual([
      [templates[1], 1],
      [templates[0], 2],
      [few, null],
    ]);
    // Benjamini and Hochberg by hand: two ranked texts, the smaller p counts twice, unless the larger one is smaller than that.
    const p = found.slice(0, 2).map((text: { within_campaigns: { p: number } }) => text.within_campaigns.p);
    const [least, most] = [Math.min(...p), Math.max(...p)];
    const expected = (own: number) => (own === least ? Math.min(2 * least, most) : most);
    for (const [i, own] of p.entries()) expect(found[i].q).toBeCloseTo(Math.min(expected(own), 1), 10);
    expect(found[2].q).toBeNull();
  });

  test("refuses a range that is none by the name of its field", async () => {
    for (const [from, to] of [
      ["2026-06-10", "2026-06-10"],
      ["2023-01-01", "2026-06-10"],
      ["-infinity", "2026-06-10"],
      ["2026-06-10", "infinity"],
    ])
      await expect(performance(templates[0] as string, from, to)).rejects.toMatchObject({ code: "PT422" });
  });
});
