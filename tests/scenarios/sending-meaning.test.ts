// What texts mean is stored with them, and followed: doubt holds what is sent until a person has read it, reactions and robots
// are no answers.
import { waitFor } from "local-supabase/testing/wait-for";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { addLeads, type TestLead } from "../fixtures/add-leads.ts";
import { callFunction } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { buildCampaign, startCampaign, waitForStatus } from "../fixtures/run-campaign.ts";

let org: TestOrg;
let leads: TestLead[];
let sent: string;
let ours: string;
const nextLead = () => leads.pop() as TestLead;

beforeAll(async () => {
  org = await createOrg(inject("stack"), { numbers: 1, roles: ["operator", "viewer"] });
  ours = org.numbers[0]?.e164 as string;
  leads = await addLeads(org, 20);
  sent = await buildCampaign(org);
  await startCampaign(org, sent);
  await waitForStatus(org, sent, "completed");
});
afterAll(() => org.close());

const text = (lead: TestLead, body: string) => org.simulator.sendInbound({ from: lead.e164, to: ours, body });
const messagesOf = (lead: TestLead) => org.sql`
  select id, content, classification, class_rule, class_phrase, class_version, holds, reviewed_as from public.messages
  where org_id = ${org.id} and kind = 'inbound' and from_number = ${lead.e164} order by created_at, id`;
const stateOf = async (lead: TestLead) => {
  const [row] = await org.sql`
    select k.suppressed_at is not null as suppressed, k.held_at is not null as held, l.status, l.lead_score as score
    from private.contacts k join public.leads l on l.id = ${lead.id}
    where k.org_id = ${org.id} and k.e164 = ${lead.e164}`;
  return row;
};
const replies = async (): Promise<number> => {
  const [row] = await org.sql`
    select s.replies + coalesce((select sum(d.replies) from private.campaign_deltas d where d.campaign_id = s.campaign_id), 0)::int as n
    from public.campaign_stats s where s.campaign_id = ${sent}`;
  return row?.n;
};
const openAlerts = () => org.sql`
  select 1 from public.alerts where org_id = ${org.id} and kind = 'answers_to_read' and resolved_at is null`;
const review = (id: string, meaning: string, who: "operator" | "viewer" = "operator") =>
  callFunction(org.stack, org.users[who], "POST", `/messages/${id}/review`, { class: meaning });
const sentText = async (lead: TestLead): Promise<string> => {
  const [row] = await org.sql`
    select content from public.messages where org_id = ${org.id} and to_number = ${lead.e164} and kind = 'campaign'`;
  return row?.content;
};

test("class, rule, words and version are stored with the text", async () => {
  const lead = nextLead();
  await text(lead, "i asked you to stop texting me");
  expect(await messagesOf(lead)).toEqual([
    expect.objectContaining({
      classification: "stop",
      class_rule: expect.stringMatching(/^stop\.en\./),
      class_phrase: expect.stringContaining("STOP"),
      class_version: expect.any(Number),
      holds: false,
    }),
  ]);
});

describe("a reaction of a phone to our text", () => {
  test("is no opt-out; a like is a warm answer", async () => {
    const lead = nextLead();
    const before = await replies();
    const quoted = await sentText(lead);
    expect(quoted).toMatch(/STOP|ALTO/);
    await text(lead, `Liked “${quoted}”`);
    expect(await stateOf(lead)).toMatchObject({
      suppressed: false,
      held: false,
      status: "contacted",
      score: "warm",
    });
    expect(await messagesOf(lead)).toMatchObject([{ classification: "liked" }]);
    expect(await replies()).toBe(before + 1);
  });

  test("without quotation marks is known by what we sent", async () => {
    const lead = nextLead();
    await text(lead, `Liked ${await sentText(lead)}`);
    expect(await messagesOf(lead)).toMatchObject([{ classification: "liked" }]);
    expect(await stateOf(lead)).toMatchObject({ suppressed: false, held: false });
  });

  test("of dislike is no answer", async () => {
    const lead = nextLead();
    const before = await replies();
    await text(lead, `Disliked “${await sentText(lead)}”`);
    expect(await messagesOf(lead)).toMatchObject([{ classification: "disliked" }]);
    expect(await stateOf(lead)).toMatchObject({ suppressed: false, held: false, score: "cold" });
    expect(await replies()).toBe(before);
  });
});

test("robots and keywords are kept, and are no answers; the person's own words after them are", async () => {
  const lead = nextLead();
  const before = await replies();
  await text(lead, "I'm driving with Do Not Disturb While Driving turned on. I'll see your message later.");
  await text(lead, "HELP");
  expect(await messagesOf(lead)).toMatchObject([{ classification: "automatic" }, { classification: "help" }]);
  expect(await replies()).toBe(before);
  await text(lead, "who is this");
  await text(lead, "how much");
  expect(await replies()).toBe(before + 1);
  const stopping = nextLead();
  await text(stopping, "STOP");
  expect(await replies()).toBe(before + 1);
});

describe("a text that may be a wish to stop", () => {
  /** A campaign to a person who is held, and to one who isn't. */
  async function arrange(body: string) {
    const [held, free] = [nextLead(), nextLead()];
    const campaign = await buildCampaign(org, {
      target_criteria: { lead_ids: [held.id, free.id] },
      cooldown_days: 0,
    });
    await text(held, body);
    const [message] = await messagesOf(held);
    const targets = async () => {
      const rows = await org.sql`
        select e164, state, reason, needs_attention from public.campaign_targets where campaign_id = ${campaign}`;
      return new Map(rows.map((row) => [row.e164 as string, row]));
    };
    await startCampaign(org, campaign);
    await waitFor(async () => (await targets()).get(free.e164)?.state === "sent");
    await waitFor(async () => (await targets()).get(held.e164)?.needs_attention);
    return {
      held,
      campaign,
      id: message?.id as string,
      target: async () => (await targets()).get(held.e164),
    };
  }

  test("holds what is sent; after a person says that it is none, it goes out", async () => {
    const { held, campaign, id, target } = await arrange("I am on the DNC");
    expect(await stateOf(held)).toMatchObject({ suppressed: false, held: true });
    expect(await target()).toMatchObject({ state: "waiting" });
    expect(await openAlerts()).toHaveLength(1);
    expect(await review(id, "reply", "viewer")).toMatchObject({ status: 403 });
    const answer = await review(id, "reply");
    expect(answer.status).toBe(200);
    expect(answer.body.data).toMatchObject({ classification: "review", reviewed_as: "reply", holds: true });
    await waitForStatus(org, campaign, "completed");
    expect(await target()).toMatchObject({ state: "sent" });
    expect(await openAlerts()).toEqual([]);
  });

  test("opts out if a person says that it is one", async () => {
    const { held, campaign, id, target } = await arrange("my attorney will hear about this");
    expect(await review(id, "stop")).toMatchObject({ status: 200 });
    expect(await stateOf(held)).toMatchObject({ suppressed: true, held: false, status: "do_not_contact" });
    expect(await target()).toMatchObject({ state: "canceled", reason: "opted_out" });
    await waitForStatus(org, campaign, "completed");
  });

  test("of somebody who has died ends what waits for the phone, once a person has confirmed it", async () => {
    const { held, campaign, id, target } = await arrange("He passed away last year");
    expect(await messagesOf(held)).toMatchObject([{ classification: "deceased", holds: true }]);
    expect(await review(id, "deceased")).toMatchObject({ status: 200 });
    expect(await target()).toMatchObject({ state: "canceled", reason: "deceased" });
    await waitForStatus(org, campaign, "completed");
  });

  test("is settled by the person's own STOP", async () => {
    const { held, campaign, target } = await arrange("I told you no");
    await text(held, "STOP");
    expect(await stateOf(held)).toMatchObject({ suppressed: true, held: false });
    expect(await target()).toMatchObject({ state: "canceled", reason: "opted_out" });
    await waitForStatus(org, campaign, "completed");
  });

  test("is reviewed as something that a text can mean, and only what a person wrote", async () => {
    const lead = nextLead();
    await text(lead, "ok");
    const [message] = await messagesOf(lead);
    expect((await review(message?.id, "start")).status).toBe(422);
    const [outbound] = await org.sql`
      select id from public.messages where org_id = ${org.id} and to_number = ${lead.e164} and kind = 'campaign'`;
    expect((await review(outbound?.id, "reply")).body.error).toMatchObject({ code: "invalid_state" });
  });
});
