// What people write back: opt-outs act at once and are confirmed once, help is given, replies reach the inbox live.
import { randomBytes } from "node:crypto";
import { waitFor } from "local-supabase/testing/wait-for";
import type { PostEntry } from "twilio-simulator";
import { sentAfterOptOut } from "twilio-simulator/judge";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { addLeads, type TestLead } from "../fixtures/add-leads.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { joinChannel } from "../fixtures/join-channel.ts";
import { postWebhook } from "../fixtures/post-webhook.ts";
import { buildCampaign, startCampaign, waitForStatus } from "../fixtures/run-campaign.ts";

let org: TestOrg;
/** Leads that a finished campaign wrote to; a second campaign has them all waiting. */
let leads: TestLead[];
let sent: string;
let next: string;
let ours: string;
let unused = 0;
/** A lead that no earlier test has used as the writer. */
const nextLead = () => leads[unused++] as TestLead;

beforeAll(async () => {
  org = await createOrg(inject("stack"), { numbers: 1, roles: ["operator"] });
  ours = org.numbers[0]?.e164 as string;
  // So many opt-outs would quarantine the number, sooner or later in this file.
  await org.sql`update public.orgs set health_quarantine_below = 0 where id = ${org.id}`;
  leads = await addLeads(org, 40);
  sent = await buildCampaign(org);
  await startCampaign(org, sent);
  await waitForStatus(org, sent, "completed");
  next = await buildCampaign(org, { name: "Second", cooldown_days: 0 });
});
afterAll(() => org.close());

const text = (lead: { e164: string }, body: string) =>
  org.simulator.sendInbound({ from: lead.e164, to: ours, body });
/** What we posted to a person after the campaign's message. */
const answersTo = async (lead: TestLead) => {
  const posts = await org.simulator.readRecord({ kind: "post", to: lead.e164 });
  return (posts as PostEntry[]).slice(1).map((post) => post.body);
};
const stateOf = async (lead: TestLead) => {
  const [row] = await org.sql`
    select k.suppressed_at is not null as suppressed, k.invalid_reason,
      o.is_active as opted_out, o.needs_review, o.source,
      (select array_agg(c.status || ':' || c.method order by c.recorded_at) from public.consent_records c
       where c.org_id = k.org_id and c.e164 = k.e164) as consent,
      (select array_agg(a.event_type order by a.id) from public.audit_events a
       where a.org_id = k.org_id and a.phone_number = k.e164) as audit,
      (select t.state || coalesce(':' || t.reason, '') from public.campaign_targets t
       where t.campaign_id = ${next} and t.e164 = k.e164) as next_target,
      (select array_agg(m.kind || ':' || m.status order by m.id) from public.messages m
       where m.org_id = k.org_id and k.e164 in (m.to_number, m.from_number) and m.kind <> 'campaign') as messages
    from private.contacts k left join public.opt_outs o on o.org_id = k.org_id and o.e164 = k.e164
    where k.org_id = ${org.id} and k.e164 = ${lead.e164}`;
  return row;
};
/** Resolves when all auto-replies of a person are settled, so that a missing second one is not just late. */
const quiet = (lead: TestLead) =>
  waitFor(async () => {
    const open = await org.sql`
      select 1 from public.messages where org_id = ${org.id} and to_number = ${lead.e164} and status in ('queued', 'sending')`;
    return open.length === 0;
  });

describe("opt-out", () => {
  test("STOP, which Twilio answers itself, suppresses at once and is not answered a second time", async () => {
    const lead = nextLead();
    const entry = await text(lead, "STOP");
    expect(entry).toMatchObject({ httpStatus: 200, debuggerCode: null });
    expect(await stateOf(lead)).toMatchObject({
      suppressed: true,
      opted_out: true,
      needs_review: false,
      source: "keyword",
      consent: ["revoked:keyword"],
      audit: ["message_received", "opt_out"],
      next_target: "canceled:opted_out",
      messages: ["inbound:received"],
    });
    expect(await answersTo(lead)).toEqual([]);
  });

  test.each([
    ["ALTO", "recibira"],
    ["Alto, por favor", "recibira"],
    ["Stop. Thank you", "receive"],
    ["por favor no me escriba más", "recibira"],
  ])("%j suppresses at once and is confirmed exactly once, in the person's language", async (body, word) => {
    const lead = nextLead();
    await text(lead, body);
    expect(await stateOf(lead)).toMatchObject({ suppressed: true, next_target: "canceled:opted_out" });
    await waitFor(async () => (await answersTo(lead)).length === 1);
    await text(lead, body);
    await text(lead, "ALTO");
    await quiet(lead);
    const answers = await answersTo(lead);
    expect(answers).toHaveLength(1);
    expect(answers[0]).toContain(word);
    expect((await stateOf(lead))?.consent).toEqual(["revoked:keyword"]);
  });

  test.each(["Stop.", "STOP!!!", "REVOKE"])(
    "%j, on which Twilio does not act, is confirmed once",
    async (body) => {
      const lead = nextLead();
      expect(await text(lead, body)).toMatchObject({ keyword: null, optOutType: null });
      expect(await stateOf(lead)).toMatchObject({ suppressed: true, opted_out: true, needs_review: false });
      await waitFor(async () => (await answersTo(lead)).length === 1);
      await text(lead, body);
      await text(lead, "STOP");
      await quiet(lead);
      expect(await answersTo(lead)).toHaveLength(1);
    },
  );

  test("a phrase is obeyed and flagged for a person to look at", async () => {
    const lead = nextLead();
    await text(lead, "please remove me from your list");
    expect(await stateOf(lead)).toMatchObject({ suppressed: true, needs_review: true });
  });

  test("a word that only contains a keyword is no opt-out", async () => {
    const lead = nextLead();
    await text(lead, "call me this weekend");
    expect(await stateOf(lead)).toMatchObject({ suppressed: false, next_target: "waiting" });
  });

  test("a STOP whose connection to the database is cut is not lost", async () => {
    const lead = nextLead();
    let stop: Promise<unknown> | undefined;
    await org.sql.begin(async (tx) => {
      await tx`select 1 from private.contacts where org_id = ${org.id} and e164 = ${lead.e164} for update`;
      const [backend] = await tx`select pg_backend_pid() as pid`;
      stop = text(lead, "ALTO");
      const [blocked] = await waitFor(async () => {
        const found = await org.sql`
          select pid from pg_stat_activity
          where application_name = 'twilio' and query like '%receive_inbound%' and ${backend?.pid} = any (pg_blocking_pids(pid))`;
        return found.length > 0 && found;
      });
      await org.sql`select pg_terminate_backend(${blocked?.pid})`;
    });
    expect(await stop).toMatchObject({ httpStatus: 200 });
    expect(await stateOf(lead)).toMatchObject({ suppressed: true, opted_out: true });
  });

  test("in the middle of a campaign: nobody who opted out gets anything more", async () => {
    const many = await addLeads(org, 60);
    const ids = many.map((lead) => lead.id);
    const campaign = await buildCampaign(org, { target_criteria: { lead_ids: ids }, mps: 5 });
    await startCampaign(org, campaign);
    await waitFor(async () => {
      const posts = await org.simulator.readRecord({ kind: "post" });
      return posts.filter((post) => many.some(({ e164 }) => e164 === (post as PostEntry).to)).length >= 10;
    });
    await Promise.all(many.slice(20).map((lead, i) => text(lead, i % 2 ? "ALTO" : "STOP")));
    await waitForStatus(org, campaign, "completed");
    await Promise.all(many.slice(20).map(quiet));
    expect(sentAfterOptOut(await org.simulator.readRecord())).toEqual([]);
    const states = await org.sql`
      select distinct state from public.campaign_targets where campaign_id = ${campaign} order by state`;
    expect(states.map((row) => row.state)).toContain("canceled");
  });
});

describe("help", () => {
  test("AYUDA is answered with the brand and how to stop, once an hour", async () => {
    const lead = nextLead();
    await text(lead, "Ayuda");
    await waitFor(async () => (await answersTo(lead)).length === 1);
    await text(lead, "ayuda!");
    await quiet(lead);
    const answers = await answersTo(lead);
    expect(answers).toHaveLength(1);
    expect(answers[0]).toMatch(/ALTO/);
    expect(await stateOf(lead)).toMatchObject({
      suppressed: false,
      messages: expect.arrayContaining(["inbound:received"]),
    });
  });

  test("HELP, which Twilio answers itself, is not answered again", async () => {
    const lead = nextLead();
    await text(lead, "HELP");
    await quiet(lead);
    expect(await answersTo(lead)).toEqual([]);
    expect((await stateOf(lead))?.messages).toEqual(["inbound:received"]);
  });
});

describe("opt-in", () => {
  test.each([
    ["STOP", "START"],
    ["ALTO", "ALTA"],
  ])("after %s, %s lets the person be written to again, with the evidence", async (stop, start) => {
    const lead = nextLead();
    await text(lead, stop);
    expect(await stateOf(lead)).toMatchObject({ suppressed: true });
    await text(lead, start);
    expect(await stateOf(lead)).toMatchObject({
      suppressed: false,
      opted_out: false,
      consent: ["revoked:keyword", "granted:keyword"],
    });
    const [record] = await org.sql`
      select evidence from public.consent_records where org_id = ${org.id} and e164 = ${lead.e164} and status = 'granted'`;
    expect(record?.evidence).toBe(start);
  });

  test("YES answers an offer and does not re-subscribe", async () => {
    const lead = nextLead();
    await text(lead, "ALTO");
    await text(lead, "YES");
    expect(await stateOf(lead)).toMatchObject({ suppressed: true, opted_out: true });
  });
});

test("a wrong number cancels what else waits for that phone, without opting it out", async () => {
  const lead = nextLead();
  await text(lead, "Número equivocado");
  expect(await stateOf(lead)).toMatchObject({
    suppressed: false,
    invalid_reason: "wrong_number",
    next_target: "canceled:wrong_number",
    audit: ["message_received", "wrong_number"],
  });
});

describe("a reply", () => {
  test("threads into one conversation, counts as unread, and arrives live in inbox and conversation", async () => {
    const lead = nextLead();
    const inbox = await joinChannel(org.users.operator as TestOrg["admin"], `inbox:${org.id}`);
    await text(lead, "¿Cuánto me ofrece?");
    const created = await waitFor(() => inbox.find((one) => one.payload.record?.e164 === lead.e164));
    expect(created).toMatchObject({
      event: "UPDATE",
      payload: {
        table: "conversations",
        record: { unread_count: 1, last_message: "¿Cuánto me ofrece?", lead_id: lead.id, campaign_id: sent },
      },
    });
    const { id } = created.payload.record;
    const conversation = await joinChannel(org.users.operator as TestOrg["admin"], `conversation:${id}`);
    await text(lead, "Son 5 acres");
    const message = await waitFor(() => conversation.find((one) => one.payload.table === "messages"));
    expect(message).toMatchObject({
      event: "INSERT",
      payload: {
        record: { content: "Son 5 acres", direction: "inbound", status: "received", to_number: ours },
      },
    });
    await waitFor(() => inbox.some((one) => one.payload.record?.unread_count === 2));
    const rows = await org.sql`
      select content, classification from public.messages where conversation_id = ${id} order by created_at, id`;
    expect(rows.map((row) => [row.content, row.classification])).toEqual([
      ["¿Cuánto me ofrece?", "interested"],
      ["Son 5 acres", "reply"],
    ]);
    const [figures] = await org.sql`select l.status from public.leads l where l.id = ${lead.id}`;
    expect(figures?.status).toBe("interested");
  });

  test("counts once for its campaign, for any number of texts of the person", async () => {
    const before = await replies();
    const lead = nextLead();
    for (const body of ["hola", "¿bueno?", "sí me interesa"]) await text(lead, body);
    await waitFor(async () => (await replies()) === before + 1);
  });
  const replies = async (): Promise<number> => {
    const [row] = await org.sql`
      select s.replies + coalesce((select sum(d.replies) from private.campaign_deltas d where d.campaign_id = s.campaign_id), 0)::int as n
      from public.campaign_stats s where s.campaign_id = ${sent}`;
    return row?.n;
  };

  test("that Twilio delivers several times is stored once", async () => {
    const from = "+19075550100";
    const fields = {
      MessageSid: `SM${randomBytes(16).toString("hex")}`,
      From: from,
      To: ours,
      Body: "hola",
      NumMedia: "2",
      MediaUrl0: "https://api.twilio.com/a.jpg",
      MediaUrl1: "https://api.twilio.com/b",
    };
    const answers = await Promise.all(
      [1, 2, 3, 4, 5].map(() => postWebhook(org, { path: "/twilio/inbound", fields })),
    );
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 200, 200]);
    const rows = await org.sql`
      select array(select x.provider_url from public.message_media x where x.message_id = m.id order by x.ordinal) as urls,
        c.unread_count from public.messages m join public.conversations c on c.id = m.conversation_id
      where m.org_id = ${org.id} and m.from_number = ${from}`;
    expect(rows).toEqual([{ urls: [fields.MediaUrl0, fields.MediaUrl1], unread_count: 1 }]);
  });
});
