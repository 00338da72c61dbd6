// A person decides about sends that Twilio never answered for, over HTTP.

import { waitFor } from "local-supabase/testing/wait-for";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { addLeads, type TestLead } from "../fixtures/add-leads.ts";
import { type Answer, callFunction } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { makeDue, postsTo, sendTo, waitForOutcome } from "../fixtures/send-to.ts";

let org: TestOrg;
let leads: TestLead[];
const nextLead = () => leads.pop() as TestLead;
beforeAll(async () => {
  org = await createOrg(inject("stack"), { roles: ["operator", "campaign_manager"] });
  leads = await addLeads(org, 10);
});
afterAll(() => org.close());

type Who = "operator" | "campaign_manager";
const resolve = (id: string, action: string, who: Who = "campaign_manager"): Promise<Answer> =>
  callFunction(org.stack, org.users[who], "POST", `/messages/${id}/resolve`, { action });

/** A send that Twilio never took, of which its list was asked once. */
async function lookedAt(lead: TestLead): Promise<{ campaign: string; id: string }> {
  const campaign = await sendTo(org, lead, { answers: { errorBeforeAccept: 1 } }, { times: 1 });
  await waitForOutcome(org, campaign, ({ state }) => state === "unknown");
  const early = await callFunction(org.stack, org.users.campaign_manager, "POST", "/messages/resolve", {
    campaign_id: campaign,
    action: "retry",
  });
  expect(early.body.data).toEqual({ resolved: 0 });
  await makeDue(org, campaign);
  return await waitFor(async () => {
    const [row] = await org.sql`
      select m.id from public.messages m join public.send_attempts a on a.id = m.attempt_id
      where m.campaign_id = ${campaign} and a.looks = 1`;
    return row && { campaign, id: row.id as string };
  });
}

test.concurrent("retry sends it again as a new message; nothing is left to decide about the old one", async () => {
  const lead = nextLead();
  const { campaign, id } = await lookedAt(lead);
  const answer = await resolve(id, "retry");
  expect(answer.status).toBe(200);
  expect(answer.body.data).toMatchObject({ id, kind: "campaign", status: "failed", needs_attention: null });
  expect(await waitForOutcome(org, campaign, ({ delivery }) => delivery === "delivered")).toMatchObject({
    messages: ["failed", "delivered"],
    attempt_outcomes: ["resent", "accepted"],
    attempts: 1,
    campaign: expect.stringMatching("completed|running"),
  });
  expect((await postsTo(org, lead)).map((post) => post.accepted)).toEqual([false, true]);
  const again = await resolve(id, "assume_sent");
  expect(again.body.error).toMatchObject({ code: "invalid_state", details: { status: "failed" } });
});

test.concurrent("assume_sent takes it for sent, and it is never sent again", async () => {
  const lead = nextLead();
  const { campaign, id } = await lookedAt(lead);
  expect((await resolve(id, "assume_sent")).body.data).toMatchObject({ status: "sent" });
  await makeDue(org, campaign);
  expect(await waitForOutcome(org, campaign, (one) => one.campaign === "completed")).toMatchObject({
    state: "sent",
    delivery: "unconfirmed",
    attempt_outcomes: ["assumed_sent"],
  });
  expect(await postsTo(org, lead)).toHaveLength(1);
});

test.concurrent("all of a campaign at once", async () => {
  const { campaign } = await lookedAt(nextLead());
  const path = "/messages/resolve";
  const body = { campaign_id: campaign, action: "retry" };
  const answer = await callFunction(org.stack, org.users.campaign_manager, "POST", path, body);
  expect(answer.body.data).toEqual({ resolved: 1 });
  await waitForOutcome(org, campaign, ({ delivery }) => delivery === "delivered");
});

test.concurrent("an unknown action, a request that is too early, or one by an operator about a campaign is refused with the reason", async () => {
  const lead = nextLead();
  const campaign = await sendTo(org, lead, { answers: { errorBeforeAccept: 1 } }, { times: 1 });
  await waitForOutcome(org, campaign, ({ state }) => state === "unknown");
  const [row] = await org.sql`select id from public.messages where campaign_id = ${campaign}`;
  const id: string = row?.id;
  expect((await resolve(id, "forget")).status).toBe(422);
  expect((await resolve(id, "retry", "operator")).body.error.code).toBe("forbidden");
  const early = await resolve(id, "retry");
  expect(early.status).toBe(409);
  expect(early.body.error).toMatchObject({
    code: "invalid_state",
    message: expect.stringContaining("Twilio is asked first"),
    details: { status: "unknown", next_look_at: expect.any(String) },
  });
  const nowhere = await resolve(campaign, "retry");
  expect(nowhere.body.error.code).toBe("not_found");
});
