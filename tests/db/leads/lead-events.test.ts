// Status and score of leads: what changes them, what does not, and that every change has an event with its cause.
import { beforeEach, describe, expect, it, test } from "vitest";
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
import { claim, makeDue, newSid, plan, receipt, sendAll, settle } from "../../fixtures/drive-sending.ts";
import type { Session } from "../../fixtures/open-session.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
let user: Session;
beforeEach(async () => {
  await bench.clear();
  await user?.end();
  org = await arrangeOrg(bench.db, { fields: { cooldown_days: 0 } });
  user = await signedIn(bench.db, org.adminId);
});

const oneLead = async (fields: Record<string, unknown> = {}) =>
  (await arrangeLeads(bench.db, org.id, 1, fields))[0] as ArrangedLead;
const standing = async (lead: ArrangedLead) => {
  const [row] = await bench.sql`select status, lead_score from public.leads where id = ${lead.id}`;
  return [row?.status, row?.lead_score];
};
const events = async (lead: ArrangedLead) => {
  const rows = await bench.sql`
    select kind, old_value, new_value, cause, user_id is not null as by_user, message_id is not null as by_message
    from public.lead_events where lead_id = ${lead.id} order by created_at, id`;
  return rows.map(
    (e) =>
      `${e.kind} ${e.old_value}>${e.new_value} ${e.cause}${e.by_user ? " user" : ""}${e.by_message ? " message" : ""}`,
  );
};
const byHand = (lead: ArrangedLead, changes: Record<string, string>) =>
  user.sql`select public.update_lead(${lead.id}, ${user.sql.json(changes)})`;
let moment = 0;
/** A person writes; the caller passes the meaning, as the webhook does. */
async function write(from: string, kind: string, interest: string | null = null, holds = false) {
  const [row] = await bench.a.sql`
    select private.receive_inbound(${org.accountSid}, ${newSid()}, ${from}, ${org.numbers[0]?.e164 ?? ""}, ${kind}, '{}', ${kind}, 'keyword',
      false, 'en', true, ${kind}, ${later(AFTERNOON, moment++)}, p_interest => ${interest}, p_holds => ${holds}) as result`;
  expect(row?.result).toBe(kind);
}

describe("a reply", () => {
  test.each<[string | null, string[]]>([
    [null, ["contacted", "warm"]],
    ["interested", ["interested", "hot"]],
    ["not_interested", ["not_interested", "cold"]],
  ])("that is %s makes a new lead %j", async (interest, expected) => {
    const lead = await oneLead();
    await write(lead.e164, "reply", interest);
    expect(await standing(lead)).toEqual(expected);
  });

  it("records the change with the message that caused it", async () => {
    const lead = await oneLead();
    await write(lead.e164, "reply", "interested");
    expect((await events(lead)).sort()).toEqual([
      "score cold>hot reply message",
      "status new>interested reply message",
    ]);
  });

  it("never moves a lead back: the last answer counts until a new one", async () => {
    const lead = await oneLead();
    await write(lead.e164, "reply", "interested");
    await write(lead.e164, "reply");
    await write(lead.e164, "help");
    expect(await standing(lead)).toEqual(["interested", "hot"]);
    await write(lead.e164, "reply", "not_interested");
    expect(await standing(lead)).toEqual(["not_interested", "cold"]);
    await write(lead.e164, "reply");
    expect(await standing(lead)).toEqual(["not_interested", "warm"]);
  });

  it("does not change a status or score that a person chose; each counts separately", async () => {
    const lead = await oneLead();
    await byHand(lead, { status: "not_interested" });
    await write(lead.e164, "reply", "interested");
    expect(await standing(lead)).toEqual(["not_interested", "hot"]);
    await byHand(lead, { lead_score: "cold" });
    await write(lead.e164, "reply", "interested");
    expect(await standing(lead)).toEqual(["not_interested", "cold"]);
    expect(await events(lead)).toEqual([
      "status new>not_interested manual user",
      "score cold>hot reply message",
      "score hot>cold manual user",
    ]);
  });
});

describe("the stage of a deal", () => {
  const STAGES = ["qualified", "appointment", "contract", "closed", "lost"];
  /** Without an event, as an import of new leads does: no person's choice protects the status. */
  const inDeal = (status: string) => oneLead({ status });

  it.each(
    STAGES.flatMap((stage) =>
      ["interested", "not_interested", null].map((interest) => [stage, interest] as const),
    ),
  )("%s is not changed by a reply that is %s; its score is", async (stage, interest) => {
    const lead = await inDeal(stage);
    await write(lead.e164, "help");
    await write(lead.e164, "reply", interest);
    const score = { interested: "hot", not_interested: "cold" }[interest ?? ""] ?? "warm";
    expect(await standing(lead)).toEqual([stage, score]);
  });

  it.each(STAGES)(
    "%s is not changed by a reaction, START or a message that Twilio accepted",
    async (stage) => {
      const lead = await inDeal(stage);
      await write(lead.e164, "start");
      await write(lead.e164, "reaction");
      await arrangeCampaign(bench.db, org);
      expect(await sendAll(bench.a.sql, bench.sql, AFTERNOON)).toHaveLength(1);
      await bench.sql`select private.fold_lead_activity(100)`;
      expect((await standing(lead))[0]).toBe(stage);
    },
  );

  it.each(STAGES)("%s is not changed by a held text and its review", async (stage) => {
    const lead = await inDeal(stage);
    await write(lead.e164, "review", null, true);
    const [message] =
      await bench.sql`select id from public.messages where from_number = ${lead.e164} and kind = 'inbound'`;
    await user.sql`select private.review_answer(${message?.id}, 'interested', ${later(AFTERNOON, 60)})`;
    expect(await standing(lead)).toEqual([stage, "hot"]);
  });

  it.each(STAGES)("%s is hidden by an opt-out, and START returns to it", async (stage) => {
    const lead = await inDeal(stage);
    await write(lead.e164, "stop");
    expect((await standing(lead))[0]).toBe("do_not_contact");
    await write(lead.e164, "start");
    expect((await standing(lead))[0]).toBe(stage);
    expect(await events(lead)).toEqual([
      `status ${stage}>do_not_contact opt_out message`,
      `status do_not_contact>${stage} keyword message`,
    ]);
  });

  it("does not come back by START if the deal was over before the opt-out", async () => {
    const lead = await inDeal("contract");
    await write(lead.e164, "stop");
    await byHand(lead, { status: "interested" });
    await write(lead.e164, "stop");
    await write(lead.e164, "start");
    expect((await standing(lead))[0]).toBe("contacted");
  });
});

describe("an opt-out", () => {
  it("makes a lead do_not_contact over a person's choice, and only START undoes it", async () => {
    const lead = await oneLead();
    await byHand(lead, { status: "interested" });
    await write(lead.e164, "stop");
    expect(await standing(lead)).toEqual(["do_not_contact", "cold"]);
    await write(lead.e164, "reply", "interested");
    expect(await standing(lead)).toEqual(["do_not_contact", "hot"]);
    await write(lead.e164, "start");
    expect(await standing(lead)).toEqual(["contacted", "hot"]);
  });

  it("of one phone leaves the lead as it is while another may be written to; of the last valid one it does not", async () => {
    const lead = await oneLead({ status: "contacted" });
    const [second, third] = [phoneAt(1_600), phoneAt(1_601)];
    await bench.sql`insert into public.lead_phones (org_id, lead_id, e164, role) values
      (${org.id}, ${lead.id}, ${second}, 'secondary'), (${org.id}, ${lead.id}, ${third}, 'alternate')`;
    await bench.sql`update public.lead_phones set is_valid = false, invalid_reason = 'landline' where lead_id = ${lead.id} and e164 = ${third}`;
    await write(lead.e164, "stop");
    expect(await standing(lead)).toEqual(["contacted", "cold"]);
    await write(second, "stop");
    expect(await standing(lead)).toEqual(["do_not_contact", "cold"]);
  });

  it("that was set to do_not_contact by hand is not undone by START", async () => {
    const lead = await oneLead();
    await byHand(lead, { status: "do_not_contact" });
    await write(lead.e164, "start");
    expect(await standing(lead)).toEqual(["do_not_contact", "cold"]);
  });

  it("from another source (Twilio's 21610, a complaint) takes effect within a minute", async () => {
    const lead = await oneLead();
    await bench.sql`select private.suppress(${org.id}, ${lead.e164}, 'carrier', '21610', p_now => ${AFTERNOON})`;
    const now = later(AFTERNOON, 60);
    expect((await bench.sql`select private.orgs_to_move(${now}) as id`).map((row) => row.id)).toContain(
      org.id,
    );
    await bench.sql`select private.move_opted_out_leads(${org.id}, ${now})`;
    expect(await standing(lead)).toEqual(["do_not_contact", "cold"]);
    expect(await events(lead)).toEqual(["status new>do_not_contact opt_out"]);
    expect((await bench.sql`select private.orgs_to_move(${now}) as id`).map((row) => row.id)).not.toContain(
      org.id,
    );
  });
});

test("a wrong number marks the phone and changes no status; without a valid phone the lead is cold", async () => {
  const lead = await oneLead({ status: "contacted", lead_score: "warm" });
  await bench.sql`insert into public.lead_phones (org_id, lead_id, e164, role) values (${org.id}, ${lead.id}, ${phoneAt(1_610)}, 'secondary')`;
  await write(lead.e164, "wrong_number");
  expect(await standing(lead)).toEqual(["contacted", "warm"]);
  await write(phoneAt(1_610), "wrong_number");
  expect(await standing(lead)).toEqual(["contacted", "cold"]);
  const phones =
    await bench.sql`select is_valid, invalid_reason from public.lead_phones where lead_id = ${lead.id}`;
  expect(phones).toEqual(Array(2).fill({ is_valid: false, invalid_reason: "wrong_number" }));
});

describe("a message that Twilio accepted", () => {
  const fold = (limit = 2000) => bench.sql`select private.fold_lead_activity(${limit})`;

  it("makes a new lead contacted, once, but not a lead that a person or a reply changed", async () => {
    const leads = await arrangeLeads(bench.db, org.id, 6);
    const [chosen, replied] = leads as [ArrangedLead, ArrangedLead];
    await byHand(chosen, { status: "interested" });
    await byHand(chosen, { status: "new" });
    await arrangeCampaign(bench.db, org);
    const sends = await sendAll(bench.a.sql, bench.sql, AFTERNOON);
    expect(sends).toHaveLength(6);
    await write(replied.e164, "reply", "interested");
    expect((await Promise.all(leads.slice(2).map(standing))).flat()).not.toContain("contacted");
    await fold();
    expect((await Promise.all(leads.map(standing))).map(([status]) => status)).toEqual([
      "new",
      "interested",
      "contacted",
      "contacted",
      "contacted",
      "contacted",
    ]);
    await fold();
    expect(await events(leads[2] as ArrangedLead)).toEqual(["status new>contacted sent"]);
  });

  it("is not one that was never accepted; one that was accepted late is contacted then", async () => {
    const leads = await arrangeLeads(bench.db, org.id, 2);
    await arrangeCampaign(bench.db, org);
    await plan(bench.a.sql, AFTERNOON);
    await makeDue(bench.sql);
    const sends = await claim(bench.a.sql, { now: AFTERNOON });
    const [late, never] = sends as [(typeof sends)[0], (typeof sends)[0]];
    const unknown = (id: string) => ({ attempt_id: id, outcome: "unknown" as const, content: "Hola" });
    await settle(bench.a.sql, [unknown(late.attempt_id), unknown(never.attempt_id)], AFTERNOON);
    await fold();
    const statusOf = async (e164: string) =>
      (await standing(leads.find((lead) => lead.e164 === e164) as ArrangedLead))[0];
    expect(await statusOf(late.to_number)).toBe("new");
    const { message_id, attempt_id } = late;
    await receipt(
      bench.a.sql,
      org.id,
      { messageId: message_id, attemptId: attempt_id, sid: newSid(), status: "delivered" },
      later(AFTERNOON, 300),
    );
    await fold();
    expect([await statusOf(late.to_number), await statusOf(never.to_number)]).toEqual(["contacted", "new"]);
  });

  it("is seen once for any size of steps, and none is left out", async () => {
    const leads = await arrangeLeads(bench.db, org.id, 30);
    await arrangeCampaign(bench.db, org);
    for (let i = 0; i < 6; i++) await sendAll(bench.a.sql, bench.sql, later(AFTERNOON, i * 2));
    const sent =
      await bench.sql`select lead_id from public.campaign_targets where org_id = ${org.id} and state = 'sent'`;
    expect(sent).toHaveLength(30);
    for (let i = 0; i < 30; i++) await fold(1);
    expect((await Promise.all(leads.map(standing))).map(([status]) => status)).toEqual(
      Array(30).fill("contacted"),
    );
    const [row] = await bench.sql`select count(*)::int as n from public.lead_events where org_id = ${org.id}`;
    expect(row?.n).toBe(30);
  });

  it("does not wait for a lead that somebody is changing", async () => {
    const leads = await arrangeLeads(bench.db, org.id, 2);
    await arrangeCampaign(bench.db, org);
    await sendAll(bench.a.sql, bench.sql, AFTERNOON);
    await bench.holder.begin();
    await bench.holder.sql`select 1 from public.leads where id = ${leads[0]?.id ?? ""} for no key update`;
    await fold();
    await bench.holder.commit();
    expect((await Promise.all(leads.map(standing))).map(([status]) => status)).toEqual(["new", "contacted"]);
    await fold();
    expect((await Promise.all(leads.map(standing))).map(([status]) => status)).toEqual([
      "contacted",
      "contacted",
    ]);
  });
});

describe("events", () => {
  it("are not written for new leads, one is written for each change of a statement, and bulk changes and merges are named as such", async () => {
    const leads = await arrangeLeads(bench.db, org.id, 3);
    expect(await bench.sql`select 1 from public.lead_events where org_id = ${org.id}`).toEqual([]);
    await bench.sql.begin(async (tx) => {
      await tx`select private.set_lead_cause('bulk')`;
      await tx`update public.leads set status = 'contacted', city = 'Waco' where org_id = ${org.id}`;
    });
    await bench.sql`update public.leads set city = 'Tyler' where org_id = ${org.id}`;
    for (const lead of leads) expect(await events(lead)).toEqual(["status new>contacted bulk"]);
    const [keep, other] = leads as [ArrangedLead, ArrangedLead];
    await bench.sql`update public.leads set status = 'interested' where id = ${other.id}`;
    await user.sql`select public.merge_leads(${keep.id}, ${[other.id]})`;
    expect((await events(keep)).sort()).toEqual(
      [
        "status new>contacted bulk",
        "status new>contacted bulk",
        "status contacted>interested system",
        "status contacted>interested merge user",
      ].sort(),
    );
  });

  it("are deleted after two years", async () => {
    const lead = await oneLead();
    await byHand(lead, { status: "contacted" });
    await byHand(lead, { status: "interested" });
    await bench.sql`update public.lead_events set created_at = now() - interval '731 days' where lead_id = ${lead.id} and new_value = 'contacted'`;
    await bench.sql`select private.prune_lead_events()`;
    expect(await events(lead)).toEqual(["status contacted>interested manual user"]);
  });
});
