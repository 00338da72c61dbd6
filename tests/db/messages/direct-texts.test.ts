// Direct texts at hours and days that the test chooses: whom they may go to, from which number, and what stops them, also between
// the request and the claim.
import { beforeEach, describe, expect, it, test } from "vitest";
import {
  AFTERNOON,
  type ArrangedLead,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeNumber,
  arrangeOrg,
  later,
  phoneAt,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import { write } from "../../fixtures/arrange-steps.ts";
import { checkFigures } from "../../fixtures/check-figures.ts";
import {
  accepted,
  claim,
  makeDue,
  plan,
  receipt,
  rejected,
  settle,
  writeStop,
} from "../../fixtures/drive-sending.ts";
import type { Session } from "../../fixtures/open-session.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
let user: Session;
let lead: ArrangedLead;
beforeEach(async () => {
  await bench.clear();
  await user?.rollback().then(() => user.end());
  org = await arrangeOrg(bench.db, { fields: { cooldown_days: 0 } });
  user = await signedIn(bench.db, org.adminId);
  [lead] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
});

/** Three in the morning, Central. */
const NIGHT = new Date("2026-06-11T08:00:00Z");
const DAY = 86_400;

interface Asked {
  to?: string | null;
  leadId?: string | null;
  body?: string | null;
  key?: string | null;
  now?: Date;
  session?: Session;
}
async function send({ to, leadId = null, body = "Hola", key = null, now, session = user }: Asked = {}) {
  const phone = to === undefined && leadId === null ? lead.e164 : (to ?? null);
  const [row] = await session.sql`
    select private.send_direct(${body}, ${phone}, ${leadId}, ${key}, ${now ?? AFTERNOON}) as answer`;
  return row?.answer as { message_id: string; deduplicated: boolean };
}
interface Refusal {
  hint?: string;
  code: string;
  message: string;
  detail?: string;
}
/** What a call answered, or its error's code. */
const outcome = (call: Promise<unknown>) =>
  call.then(
    () => "done",
    (error: Refusal) => error.hint ?? error.code,
  );
const refusal = (call: Promise<unknown>) =>
  call.then(
    () => expect.unreachable("It was not refused."),
    ({ message, detail, hint }: Refusal) => ({ code: hint, message, details: JSON.parse(detail ?? "{}") }),
  );
const fieldOf = async (call: Promise<unknown>) => (await refusal(call)).details.errors?.[0]?.field;
const messageOf = async (id: string) => {
  const [row] = await bench.sql`select *, status::text from public.messages where id = ${id}`;
  return row;
};
const texts = () => bench.sql`select id from public.messages where org_id = ${org.id} and kind = 'direct'`;
const used = async (scope: string) => {
  const ids = scope === "org" ? [org.id] : org.numbers.map(({ id }) => id);
  const [row] = await bench.sql`
    select coalesce(sum(messages), 0)::int as messages, coalesce(sum(segments), 0)::int as segments
    from private.daily_usage where scope = ${scope} and scope_id = any (${ids}::uuid[])`;
  return [row?.messages, row?.segments];
};
async function claimed(now: Date) {
  await makeDue(bench.sql);
  return await claim(bench.a.sql, { now });
}
const wroteAt = (now: Date, phone = lead.e164) => write(bench.b.sql, org, phone, { kind: "automatic" }, now);

describe("a direct text", () => {
  it("goes out as it was written, once, in the person's conversation, and is counted by its number", async () => {
    const body = "  {first_name}, we agreed:\r\n{{x}} } { 100% \\n cafe\u0301  ";
    const { message_id, deduplicated } = await send({ body });
    expect(deduplicated).toBe(false);
    const message = await messageOf(message_id);
    expect(message).toMatchObject({
      kind: "direct",
      direction: "outbound",
      status: "queued",
      content: "{first_name}, we agreed:\n{{x}} } { 100% \\n café",
      lead_id: lead.id,
      campaign_id: null,
      exempt: null,
      charged_segments: 1,
    });
    const [conversation] = await bench.sql`
      select id, unread_count, first_inbound_at, lead_id, phone_number_id, last_message from public.conversations
      where org_id = ${org.id} and e164 = ${lead.e164}`;
    expect(conversation).toMatchObject({
      id: message?.conversation_id,
      unread_count: 0,
      first_inbound_at: null,
      lead_id: lead.id,
      phone_number_id: message?.phone_number_id,
      last_message: message?.content,
    });
    const [one, ...others] = await claimed(later(AFTERNOON, 1));
    expect([one?.message_id, one?.kind, others]).toEqual([message_id, "direct", []]);
    const result = accepted(one?.attempt_id as string);
    await settle(bench.a.sql, [result], later(AFTERNOON, 2));
    await receipt(
      bench.a.sql,
      org.id,
      {
        messageId: message_id,
        attemptId: result.attempt_id,
        sid: result.provider_sid ?? "",
        status: "delivered",
      },
      later(AFTERNOON, 3),
    );
    const sent = await messageOf(message_id);
    expect([sent?.status, Number(sent?.cost) > 0]).toEqual(["delivered", true]);
    await bench.sql`select private.count_outcomes(${org.id}, date_trunc('hour', ${AFTERNOON}::timestamptz))`;
    const outcomes = await bench.sql`
      select phone_number_id, delivered from private.number_outcomes where org_id = ${org.id}`;
    expect(outcomes).toEqual([{ phone_number_id: message?.phone_number_id, delivered: 1 }]);
    expect([await used("org"), await used("number")]).toEqual([
      [1, 1],
      [1, 1],
    ]);
    await bench.sql`select private.fold_lead_activity(100)`;
    const [standing] = await bench.sql`
      select status, first_contacted_at is not null as contacted from public.leads where id = ${lead.id}`;
    expect(standing).toEqual({ status: "contacted", contacted: true });
    const audit = await bench.sql`
      select user_id, lead_id, details from public.audit_events where org_id = ${org.id} and event_type = 'direct_text'`;
    expect(audit).toEqual([{ user_id: org.adminId, lead_id: lead.id, details: { message_id } }]);
  });

  it("counts in no campaign's figures, nor as a campaign's contact", async () => {
    const campaign = await arrangeCampaign(bench.db, org);
    const { message_id } = await send();
    const [one] = (await claimed(AFTERNOON)).filter((each) => each.message_id === message_id);
    await settle(bench.a.sql, [accepted(one?.attempt_id as string)], AFTERNOON);
    expect(await plan(bench.a.sql, later(AFTERNOON, 1))).toBe(1);
    expect(await checkFigures(bench, org.id)).toEqual([]);
    const [figures] = await bench.sql`
      select count(*)::int as n from private.campaign_deltas where campaign_id = ${campaign} and segments <> 0`;
    expect(figures?.n).toBe(0);
  });

  it("is no reply of the person: a filter for people who wrote does not find them until they do", async () => {
    await send();
    const replied = async () => {
      const rows = await user.sql`select private.count_leads('{"replied": true}') as answer`;
      return rows.map(({ answer }) => answer.total);
    };
    expect(await replied()).toEqual([0]);
    await write(bench.b.sql, org, lead.e164, {}, later(AFTERNOON, 60));
    expect(await replied()).toEqual([1]);
  });

  it.each<[string, string, number]>([
    ["160 of GSM-7", "a".repeat(160), 1],
    ["161 of GSM-7", "a".repeat(161), 2],
    ["71 of UCS-2", "á".repeat(71), 2],
    ["1,600", "a".repeat(1600), 11],
    ["800 that count twice", "€".repeat(800), 11],
  ])("of %s characters is charged as templates are", async (_what, body, segments) => {
    const { message_id } = await send({ body });
    expect((await messageOf(message_id))?.charged_segments).toBe(segments);
    expect(await used("number")).toEqual([1, segments]);
  });

  it.each<[string, string | null]>([
    ["nothing", null],
    ["an empty text", ""],
    ["signs of no width", "\u200b\u2060 \ufeff"],
    ["white space of all kinds", " \n\t\u00a0\u2028\u3000\ufeff"],
    ["1,601 characters", "a".repeat(1601)],
    ["801 that count twice", "€".repeat(801)],
    ["801 emoji", "🏡".repeat(801)],
    ["a million characters", "a".repeat(1_000_000)],
    ["a bell", "a\u0007b"],
    ["a tab", "a\tb"],
    ["an escape", "\u001b[31mred"],
  ])("of %s is refused by the name of its field", async (_what, body) => {
    expect(await fieldOf(send({ body }))).toBe("body");
    expect(await texts()).toEqual([]);
  });
});

describe("its person", () => {
  it("is found by the phone, or by the lead: its first phone that may be written to", async () => {
    const second = phoneAt(1_500);
    await bench.sql`insert into public.lead_phones (org_id, lead_id, e164, role) values (${org.id}, ${lead.id}, ${second}, 'secondary')`;
    const toOf = async (asked: Asked) => (await messageOf((await send(asked)).message_id))?.to_number;
    expect(await toOf({ leadId: lead.id })).toBe(lead.e164);
    expect(await toOf({ leadId: lead.id, to: second })).toBe(second);
    await writeStop(bench.b.sql, org.accountSid, lead.e164, org.numbers[0]?.e164 ?? "", AFTERNOON);
    expect(await toOf({ leadId: lead.id, body: "Otra" })).toBe(second);
    expect(await outcome(send({ body: "Otra" }))).toBe("opted_out");
  });

  it("must be a lead of the organisation that has the phone", async () => {
    const other = await arrangeOrg(bench.db);
    const [theirs, stranger] = (await arrangeLeads(bench.db, other.id, 2)) as [ArrangedLead, ArrangedLead];
    expect(await outcome(send({ leadId: theirs.id }))).toBe("not_found");
    expect(await fieldOf(send({ to: stranger.e164 }))).toBe("to");
    expect(await fieldOf(send({ to: stranger.e164, leadId: lead.id }))).toBe("to");
    expect(await fieldOf(send({ to: null }))).toBe("to");
    for (const to of ["", "5125550100", "+1", "+15125550100'; drop", "9".repeat(10_000), "NaN"])
      expect([to, await fieldOf(send({ to }))]).toEqual([to, "to"]);
    await bench.sql`update public.leads set deleted_at = now() where id = ${lead.id}`;
    expect(await outcome(send({ leadId: lead.id }))).toBe("not_found");
    expect(await fieldOf(send({ to: lead.e164 }))).toBe("to");
    expect(await texts()).toEqual([]);
  });

  it.each<[string, string, string]>([
    [
      "a lead that is do_not_contact",
      "update public.leads set status = 'do_not_contact' where id = $1",
      "opted_out",
    ],
    ["a lead that denied", "update public.leads set consent_status = 'denied' where id = $1", "opted_out"],
    [
      "a phone that denied",
      "update public.lead_phones set consent_status = 'denied' where lead_id = $1",
      "opted_out",
    ],
    [
      "a landline",
      "update public.lead_phones set line_type = 'landline' where lead_id = $1",
      "invalid_state",
    ],
    [
      "an invalid phone",
      "update public.lead_phones set is_valid = false, invalid_reason = 'wrong_number' where lead_id = $1",
      "invalid_state",
    ],
    [
      "an organisation that needs consent",
      "update public.orgs set consent_policy = 'required' where id = (select org_id from public.leads where id = $1)",
      "opted_out",
    ],
  ])("%s is refused", async (_what, change, code) => {
    await bench.sql.unsafe(change, [lead.id]);
    expect(await outcome(send())).toBe(code);
    expect(await texts()).toEqual([]);
  });

  it("whose last text may be a wish to stop is not written to until it was read", async () => {
    await write(bench.b.sql, org, lead.e164, { cls: "review", holds: true }, later(AFTERNOON, -60));
    expect(await refusal(send())).toMatchObject({ code: "invalid_state", message: /review/ });
    const [message] = await bench.sql`select id from public.messages where from_number = ${lead.e164}`;
    await user.sql`select private.review_answer(${message?.id}, 'reply', ${AFTERNOON})`;
    expect(await outcome(send())).toBe("done");
  });
});

describe("its hours", () => {
  it("are the person's: outside them it is refused with the next lawful time", async () => {
    await bench.sql`update public.leads set state = 'TX' where id = ${lead.id}`;
    await bench.sql`update public.lead_phones set e164 = '+12145550199' where lead_id = ${lead.id}`;
    const refused = await refusal(send({ to: "+12145550199", now: NIGHT }));
    expect(refused.code).toBe("outside_hours");
    const next = new Date(refused.details.next_open_at);
    expect(next.getTime()).toBeGreaterThan(NIGHT.getTime());
    expect(await outcome(send({ to: "+12145550199", now: later(next, -1) }))).toBe("outside_hours");
    expect(await outcome(send({ to: "+12145550199", now: next }))).toBe("done");
  });

  it("are its number's too", async () => {
    await bench.sql`update public.phone_numbers set quiet_starts = '14:00', quiet_ends = '16:00' where org_id = ${org.id}`;
    const refused = await refusal(send());
    expect([refused.code, new Date(refused.details.next_open_at)]).toEqual([
      "outside_hours",
      later(AFTERNOON, 3600),
    ]);
    expect(await outcome(send({ now: later(AFTERNOON, 3600) }))).toBe("done");
  });

  it("do not bind an answer to what the person wrote within 24 hours, and the claim looks again", async () => {
    await wroteAt(later(NIGHT, -DAY + 60));
    const { message_id } = await send({ now: NIGHT });
    expect((await messageOf(message_id))?.exempt).toBe("conversation");
    expect(await outcome(send({ now: later(NIGHT, 61), body: "Otra" }))).toBe("outside_hours");
    expect(await claimed(later(NIGHT, 61))).toEqual([]);
    const message = await messageOf(message_id);
    expect([message?.status, message?.needs_attention]).toEqual([
      "canceled",
      expect.stringContaining("hours"),
    ]);
    expect(await used("org")).toEqual([0, 0]);
  });

  it("hold at the claim: it is canceled, refunded and explained, not sent the next morning", async () => {
    const { message_id } = await send();
    expect(await claimed(NIGHT)).toEqual([]);
    const message = await messageOf(message_id);
    expect([message?.status, message?.needs_attention]).toEqual([
      "canceled",
      expect.stringContaining("Not sent"),
    ]);
    expect([await used("org"), await used("number")]).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(await claimed(later(AFTERNOON, DAY))).toEqual([]);
  });

  it("a state's limit of texts in 24 hours counts direct texts with those of campaigns", async () => {
    await bench.sql`update public.leads set state = 'OR' where id = ${lead.id}`;
    await bench.sql`update public.lead_phones set e164 = '+15035550142' where lead_id = ${lead.id}`;
    const to = "+15035550142";
    for (const n of [1, 2, 3])
      expect(await outcome(send({ to, body: `Text ${n}`, now: later(AFTERNOON, n) }))).toBe("done");
    expect(await refusal(send({ to, body: "Text 4", now: later(AFTERNOON, 4) }))).toMatchObject({
      code: "rate_limited",
      details: { limit: "person", most: 3 },
    });
    // Also while they are queued.
    await arrangeCampaign(bench.db, org);
    expect(await plan(bench.a.sql, later(AFTERNOON, 4))).toBe(0);
    await bench.sql`update public.campaign_targets set not_before = '-infinity' where org_id = ${org.id}`;
    const claims = await claimed(later(AFTERNOON, 5));
    await settle(
      bench.a.sql,
      claims.map((each) => accepted(each.attempt_id)),
      later(AFTERNOON, 6),
    );
    expect(await outcome(send({ to, body: "Text 4", now: later(AFTERNOON, 7) }))).toBe("rate_limited");
    expect(await plan(bench.a.sql, later(AFTERNOON, 8))).toBe(0);
    // Who wrote is answered.
    await wroteAt(later(AFTERNOON, 9), to);
    expect(await outcome(send({ to, body: "Text 4", now: later(AFTERNOON, 10) }))).toBe("done");
  });
});

describe("an opt-out", () => {
  const stop = (now: Date, sql = bench.b.sql) =>
    writeStop(sql, org.accountSid, lead.e164, org.numbers[0]?.e164 ?? "", now);

  it("that was committed before the request is obeyed", async () => {
    await stop(AFTERNOON);
    expect(await outcome(send())).toBe("opted_out");
  });

  it("that is being recorded makes the request wait, and is obeyed", async () => {
    await bench.b.begin();
    await stop(AFTERNOON);
    const sending = outcome(send());
    await user.blocked(bench.b);
    await bench.b.commit();
    expect(await sending).toBe("opted_out");
    expect(await texts()).toEqual([]);
  });

  it("between the request and the claim ends it, and its charge is refunded", async () => {
    const { message_id } = await send();
    await stop(later(AFTERNOON, 1));
    const claims = await claimed(later(AFTERNOON, 2));
    expect(claims.map((each) => each.message_id)).not.toContain(message_id);
    const message = await messageOf(message_id);
    expect([message?.status, message?.error_message, message?.needs_attention]).toEqual([
      "canceled",
      "suppressed",
      null,
    ]);
    expect(await used("org")).toEqual([0, 0]);
  });

  it("that somebody must read first, between the request and the claim, ends it too", async () => {
    const { message_id } = await send();
    await write(bench.b.sql, org, lead.e164, { cls: "review", holds: true }, later(AFTERNOON, 1));
    expect(await claimed(later(AFTERNOON, 2))).toEqual([]);
    expect((await messageOf(message_id))?.needs_attention).toContain("must be read first");
  });
});

describe("its number", () => {
  const fromOf = async (asked: Asked = {}) =>
    (await messageOf((await send(asked)).message_id))?.phone_number_id;
  const update = (id: string | undefined, fields: Record<string, unknown>) =>
    bench.sql`update public.phone_numbers set ${bench.sql(fields)} where id = ${id as string}`;

  it("is the one that the person knows; if that cannot send, another takes over", async () => {
    const [one, two] = org.numbers;
    const known = async () => {
      const [row] = await bench.sql`
        select phone_number_id from private.contacts where org_id = ${org.id} and e164 = ${lead.e164}`;
      return row?.phone_number_id;
    };
    for (const number of [one, two]) {
      await bench.sql`
        insert into private.contacts (org_id, e164, phone_number_id) values (${org.id}, ${lead.e164}, ${number?.id ?? ""})
        on conflict (org_id, e164) do update set phone_number_id = excluded.phone_number_id`;
      // The other number has more room from the first text on.
      for (const n of [1, 2, 3]) expect(await fromOf({ body: `${n} from ${number?.e164}` })).toBe(number?.id);
    }
    await update(two?.id, { status: "quarantined" });
    expect(await fromOf({ body: "Quarantined" })).toBe(one?.id);
    expect(await known()).toBe(one?.id);
    await update(two?.id, { status: "active" });
    expect(await fromOf({ body: "It is known now" })).toBe(one?.id);
  });

  it("is one of the person's area code, else the healthiest", async () => {
    const [one, two] = org.numbers;
    await update(one?.id, { health_score: 60 });
    await update(two?.id, { health_score: 90 });
    expect(await fromOf()).toBe(two?.id);
    const [second] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
    const local = await arrangeNumber(bench.sql, org.id, {
      health_score: 10,
      e164: `${second.e164.slice(0, 5)}5559876`,
    });
    expect(await fromOf({ to: second.e164 })).toBe(local.id);
  });

  it("has to be there, to be active and to be registered", async () => {
    await bench.sql`update public.sending_limits set a2p_required = true where org_id = ${org.id}`;
    expect(await outcome(send())).toBe("a2p_not_verified");
    const service = `MG${"a".repeat(32)}`;
    await update(org.numbers[1]?.id, { messaging_service_sid: service });
    await bench.sql`
      insert into public.a2p_registrations (org_id, messaging_service_sid, status, checked_at)
      values (${org.id}, ${service}, 'VERIFIED', ${AFTERNOON})`;
    expect(await fromOf()).toBe(org.numbers[1]?.id);
    await bench.sql`update public.a2p_registrations set status = 'FAILED' where org_id = ${org.id}`;
    expect(await refusal(send({ body: "Otra" }))).toMatchObject({ code: "a2p_not_verified" });
    await bench.sql`update public.phone_numbers set status = 'paused' where org_id = ${org.id}`;
    expect(await outcome(send({ body: "Otra" }))).toBe("no_phone_numbers");
    await bench.sql`delete from public.twilio_accounts where org_id = ${org.id}`;
    expect(await outcome(send({ body: "Otra" }))).toBe("twilio_not_configured");
  });

  it("that is paused between the request and the claim sends nothing, and that is explained", async () => {
    const { message_id } = await send();
    await bench.sql`update public.phone_numbers set status = 'quarantined' where org_id = ${org.id}`;
    expect(await claimed(later(AFTERNOON, 1))).toEqual([]);
    expect((await messageOf(message_id))?.needs_attention).toContain("number was paused");
    expect(await used("number")).toEqual([0, 0]);
  });
});

describe("caps and money", () => {
  it.each<[string, string, Record<string, unknown>]>([
    [
      "organisation",
      "update public.orgs set daily_cap = 2 where id = $1",
      { limit: "organisation", most: 2 },
    ],
    [
      "number",
      "update public.phone_numbers set daily_cap = 1 where org_id = $1",
      { limit: "number", most: 1 },
    ],
    [
      "warm-up",
      "update public.phone_numbers set warmup_started_on = '2026-06-10' where org_id = $1",
      { limit: "number" },
    ],
    [
      "carrier",
      "insert into public.carrier_caps (org_id, carrier, daily_segments) values ($1, 't-mobile', 2)",
      { limit: "carrier", most: 2 },
    ],
  ])("the cap of the %s holds, and opens the next day", async (what, change, details) => {
    if (what === "warm-up")
      await bench.sql`update public.orgs set warmup_caps = '{1,50}' where id = ${org.id}`;
    await bench.sql.unsafe(change, [org.id]);
    for (const n of [1, 2]) expect([n, await outcome(send({ body: `Text ${n}` }))]).toEqual([n, "done"]);
    const refused = await refusal(send({ body: "Text 3" }));
    expect(refused).toMatchObject({ code: "rate_limited", details });
    expect(refused.details.retry_after).toBeGreaterThan(0);
    expect(await outcome(send({ body: "Text 3", now: later(AFTERNOON, DAY) }))).toBe("done");
  });

  it("the last place of a cap is given once, to two people at the same instant", async () => {
    await bench.sql`update public.orgs set daily_cap = 1 where id = ${org.id}`;
    const [second] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
    const other = await signedIn(bench.db, org.adminId);
    const both = await Promise.all([outcome(send()), outcome(send({ to: second.e164, session: other }))]);
    await other.end();
    expect(both.sort()).toEqual(["done", "rate_limited"]);
    expect(await used("org")).toEqual([1, 1]);
  });

  it("a campaign plans what direct texts left of the caps", async () => {
    await arrangeLeads(bench.db, org.id, 5);
    await bench.sql`update public.orgs set daily_cap = 3 where id = ${org.id}`;
    for (const n of [1, 2]) await send({ body: `Text ${n}` });
    await arrangeCampaign(bench.db, org);
    expect(await plan(bench.a.sql, AFTERNOON)).toBe(1);
    expect(await outcome(send({ body: "Text 3" }))).toBe("rate_limited");
  });

  it("the spending limit holds with texts that are still queued, for campaigns too", async () => {
    await bench.sql`update public.sending_limits set segment_price = 1, carrier_fee = 0, daily_spending_limit = 2 where org_id = ${org.id}`;
    for (const n of [1, 2]) expect(await outcome(send({ body: `Text ${n}` }))).toBe("done");
    expect(await refusal(send({ body: "Text 3" }))).toMatchObject({
      code: "spending_limit_reached",
      details: { daily_spending_limit: 2 },
    });
    await arrangeCampaign(bench.db, org);
    expect(await plan(bench.a.sql, AFTERNOON)).toBe(0);
  });

  it("what Twilio refuses is refunded, once", async () => {
    const { message_id } = await send();
    const [one] = await claimed(AFTERNOON);
    const result = rejected(one?.attempt_id as string, 21408);
    await settle(bench.a.sql, [result], AFTERNOON);
    await settle(bench.a.sql, [result], AFTERNOON);
    const message = await messageOf(message_id);
    expect([message?.status, message?.needs_attention]).toEqual(["failed", expect.stringContaining("21408")]);
    expect([await used("org"), await used("number")]).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  it("the day's end before the claim cancels it: what it was charged to is over", async () => {
    await wroteAt(later(AFTERNOON, -60));
    const { message_id } = await send();
    const midnight = new Date("2026-06-11T05:00:01Z");
    expect(await claimed(midnight)).toEqual([]);
    expect((await messageOf(message_id))?.needs_attention).toContain("the day ended");
    expect(await used("number")).toEqual([0, 0]);
  });
});

describe("an outcome that is not known", () => {
  const look = (attempt: string, now: Date) =>
    bench.a.sql`select private.record_look(${attempt}, null, null, null, null, ${now})`;

  it("is never sent again by itself; once Twilio says it has none, the charge is refunded and its author told", async () => {
    const { message_id } = await send();
    const [one] = await claimed(AFTERNOON);
    await bench.sql`select private.rescue_sends(${later(AFTERNOON, 90)})`;
    expect((await messageOf(message_id))?.status).toBe("unknown");
    expect(await claimed(later(AFTERNOON, 91))).toEqual([]);
    await look(one?.attempt_id as string, later(AFTERNOON, 100));
    expect(await used("org")).toEqual([1, 1]);
    await look(one?.attempt_id as string, later(AFTERNOON, 800));
    const message = await messageOf(message_id);
    expect([message?.status, message?.needs_attention]).toEqual([
      "failed",
      expect.stringContaining("Write again"),
    ]);
    expect(await used("org")).toEqual([0, 0]);
    expect(await claimed(later(AFTERNOON, 900))).toEqual([]);
  });

  it("that a person has sent again is charged for the day on which it is", async () => {
    await wroteAt(later(AFTERNOON, DAY - 60));
    const { message_id } = await send();
    await claimed(AFTERNOON);
    await bench.sql`select private.rescue_sends(${later(AFTERNOON, 90)})`;
    await bench.sql`update public.messages set needs_attention = 'Ask a person.' where id = ${message_id}`;
    await user.sql`select private.resolve_send(${message_id}, 'retry', ${later(AFTERNOON, DAY)})`;
    const days = await bench.sql`
      select day::text, messages from private.daily_usage where scope_id = ${org.id} order by day`;
    expect(days).toEqual([
      { day: "2026-06-10", messages: 0 },
      { day: "2026-06-11", messages: 1 },
    ]);
    expect((await claimed(later(AFTERNOON, DAY + 1))).map((each) => each.message_id)).toEqual([message_id]);
  });
});

describe("an earlier attempt that had been given up", () => {
  let id: string;
  let first: string;
  const look = (attempt: string, now: Date) =>
    bench.a.sql`select private.record_look(${attempt}, null, null, null, null, ${now})`;
  const delivered = (now: Date) =>
    receipt(
      bench.a.sql,
      org.id,
      { messageId: id, attemptId: first, sid: `SM${"a".repeat(32)}`, status: "delivered" },
      now,
    );
  beforeEach(async () => {
    id = (await send()).message_id;
    first = (await claimed(AFTERNOON))[0]?.attempt_id as string;
    await bench.sql`select private.rescue_sends(${later(AFTERNOON, 90)})`;
    await bench.sql`update public.messages set needs_attention = 'Ask a person.' where id = ${id}`;
    await user.sql`select private.resolve_send(${id}, 'retry', ${later(AFTERNOON, 200)})`;
    expect(await used("org")).toEqual([1, 1]);
  });

  test("and turns out to have been sent: nothing is sent again, and it is charged once", async () => {
    expect(await delivered(later(AFTERNOON, 210))).toBe("late_success");
    expect(await claimed(later(AFTERNOON, 220))).toEqual([]);
    expect((await messageOf(id))?.status).toBe("delivered");
    expect(await used("org")).toEqual([1, 1]);
  });

  test("counts if its replacement was not sent, and is charged once", async () => {
    const second = (await claimed(later(AFTERNOON, 210)))[0]?.attempt_id as string;
    await bench.sql`select private.rescue_sends(${later(AFTERNOON, 300)})`;
    await delivered(later(AFTERNOON, 310));
    await look(second, later(AFTERNOON, 320));
    await look(second, later(AFTERNOON, 1000));
    expect((await messageOf(id))?.status).toBe("delivered");
    expect(await used("org")).toEqual([1, 1]);
  });
});

describe("asked for twice", () => {
  test("within 60 seconds it is the same text, and after that another", async () => {
    const first = await send();
    expect(await send({ now: later(AFTERNOON, 59) })).toEqual({ ...first, deduplicated: true });
    expect(await send({ body: "Hola ", now: later(AFTERNOON, 59) })).toEqual({
      ...first,
      deduplicated: true,
    });
    expect(await send({ leadId: lead.id, now: later(AFTERNOON, 59) })).toEqual({
      ...first,
      deduplicated: true,
    });
    // A request that began before the first one, and came to the lock after it.
    expect(await send({ now: later(AFTERNOON, -1) })).toEqual({ ...first, deduplicated: true });
    expect((await send({ body: "hola", now: later(AFTERNOON, 59) })).deduplicated).toBe(false);
    expect((await send({ now: later(AFTERNOON, 60) })).deduplicated).toBe(false);
    expect(await texts()).toHaveLength(3);
  });

  test("it may be sent again at once if the first was not sent", async () => {
    const first = await send();
    await bench.sql`update public.messages set status = 'failed' where id = ${first.message_id}`;
    expect((await send({ now: later(AFTERNOON, 1) })).deduplicated).toBe(false);
  });

  test.each([[null], ["key-1"]])("at the same instant it is one text (key %s)", async (key) => {
    const sessions = await Promise.all([1, 2, 3, 4].map(() => signedIn(bench.db, org.adminId)));
    await bench.holder.begin();
    await bench.holder.sql`select 1 from public.orgs where id = ${org.id} for no key update`;
    const sending = sessions.map((session) => send({ key, session }));
    await Promise.all(sessions.map((session) => session.blocked()));
    await bench.holder.commit();
    const answers = await Promise.all(sending);
    await Promise.all(sessions.map((session) => session.end()));
    expect(new Set(answers.map(({ message_id }) => message_id)).size).toBe(1);
    expect(answers.filter(({ deduplicated }) => !deduplicated)).toHaveLength(1);
    expect(await texts()).toHaveLength(1);
    expect(await used("org")).toEqual([1, 1]);
  });

  test("with an Idempotency-Key it is the same text for 24 hours, whatever happened since; another request is refused", async () => {
    const first = await send({ key: "a b" });
    await writeStop(bench.b.sql, org.accountSid, lead.e164, org.numbers[0]?.e164 ?? "", AFTERNOON);
    expect(await send({ key: "a b", now: later(AFTERNOON, DAY - 1) })).toEqual({
      ...first,
      deduplicated: true,
    });
    expect(await fieldOf(send({ key: "a b", body: "Otra" }))).toBe("Idempotency-Key");
    expect(await outcome(send({ key: "a b", now: later(AFTERNOON, DAY) }))).toBe("opted_out");
    const other = await arrangeOrg(bench.db);
    const theirs = await signedIn(bench.db, other.adminId);
    const [person] = (await arrangeLeads(bench.db, other.id, 1)) as [ArrangedLead];
    expect((await send({ key: "a b", to: person.e164, session: theirs })).deduplicated).toBe(false);
    await theirs.end();
  });

  test("with other keys it is another text, and what was refused leaves its key free", async () => {
    expect((await send({ key: "1" })).deduplicated).toBe(false);
    expect((await send({ key: "2" })).deduplicated).toBe(false);
    expect(await outcome(send({ key: "3", now: NIGHT }))).toBe("outside_hours");
    expect((await send({ key: "3", now: later(AFTERNOON, 1) })).deduplicated).toBe(false);
    for (const key of ["", "é", "a\nb", "k".repeat(201), "\u0007"])
      expect([key, await fieldOf(send({ key }))]).toEqual([key, "Idempotency-Key"]);
  });

  test("keys are deleted after a day, and with the person", async () => {
    const keys = async () => {
      const rows = await bench.sql`select key from private.message_requests where org_id = ${org.id}`;
      return rows.map((row) => row.key as string);
    };
    await send({ key: "old", now: later(AFTERNOON, -DAY - 1) });
    await send({ key: "new" });
    await bench.sql`select private.prune(${AFTERNOON})`;
    expect(await keys()).toEqual(["new"]);
    await bench.clear();
    const [erased] =
      await user.sql`select private.erase_lead(${lead.id}, ${lead.e164}, '{}', ${AFTERNOON}) as answer`;
    expect(erased?.answer.suppressed).toEqual([lead.e164]);
    expect(await keys()).toEqual([]);
    expect(
      await bench.sql`select 1 from public.messages where to_number = ${lead.e164} and content is not null`,
    ).toEqual([]);
  });
});

describe("locks", () => {
  const holdCap = async () => {
    await bench.sql`insert into private.daily_usage (scope, scope_id, day) values ('org', ${org.id}, '2026-06-10')`;
    await bench.holder.begin();
    await bench.holder
      .sql`select 1 from private.daily_usage where scope = 'org' and scope_id = ${org.id} for no key update`;
  };

  test("a text and a plan meet at the daily caps, and both go on", async () => {
    const [, second] = [lead, ...(await arrangeLeads(bench.db, org.id, 3))];
    await bench.sql`update public.orgs set daily_cap = 3 where id = ${org.id}`;
    await arrangeCampaign(bench.db, org);
    await holdCap();
    const sending = outcome(send({ to: second?.e164 }));
    await user.blocked(bench.holder);
    const planning = plan(bench.a.sql, AFTERNOON);
    await bench.a.blocked();
    await bench.holder.commit();
    const [sent, planned] = [await sending, await planning];
    // Whichever came first: never more than the cap.
    expect([sent, planned]).toEqual(sent === "done" ? ["done", 2] : ["rate_limited", 3]);
    expect((await used("org"))[0]).toBe(3);
  });

  test("a text that waits for a cap lets claims and other people pass, and an opt-out that comes meanwhile ends it", async () => {
    const [second] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
    await arrangeCampaign(bench.db, org, { target_criteria: { lead_ids: [second.id] } });
    expect(await plan(bench.a.sql, AFTERNOON)).toBe(1);
    await bench.holder.begin();
    await bench.holder
      .sql`select 1 from private.daily_usage where scope = 'org' and scope_id = ${org.id} for no key update`;
    const sending = send();
    await user.blocked(bench.holder);
    expect((await claimed(AFTERNOON)).map((each) => each.to_number)).toEqual([second.e164]);
    const stopping = writeStop(
      bench.b.sql,
      org.accountSid,
      lead.e164,
      org.numbers[0]?.e164 ?? "",
      later(AFTERNOON, 1),
    );
    await bench.b.blocked(user);
    await bench.holder.commit();
    const { message_id } = await sending;
    expect(await stopping).toBe("stop");
    const claims = await claimed(later(AFTERNOON, 2));
    expect(claims.map((each) => each.message_id)).not.toContain(message_id);
    expect((await messageOf(message_id))?.status).toBe("canceled");
  });

  test("a text meets the merge of its lead, and goes to the lead that is kept", async () => {
    const [keep] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
    const merging = await signedIn(bench.db, org.adminId);
    await merging.begin();
    await merging.sql`select public.merge_leads(${keep.id}, ${[lead.id]})`;
    const sending = send();
    await user.blocked(merging);
    await merging.commit();
    const { message_id } = await sending;
    await merging.end();
    expect((await messageOf(message_id))?.lead_id).toBe(keep.id);
  });
});

test("an answer is sent ahead of a campaign's queue", async () => {
  await arrangeLeads(bench.db, org.id, 20);
  await arrangeCampaign(bench.db, org);
  expect(await plan(bench.a.sql, AFTERNOON)).toBeGreaterThan(10);
  const [person] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
  const { message_id } = await send({ to: person.e164 });
  await makeDue(bench.sql);
  const [first] = await claim(bench.a.sql, { now: AFTERNOON, limit: 1 });
  expect(first?.message_id).toBe(message_id);
});
