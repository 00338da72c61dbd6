// The worker ends at each point of a send, by kill -9 and by a cut connection: in each case everybody is
// written to exactly once, and nothing is left open.

import { waitFor } from "local-supabase/testing/wait-for";
import type { PostEntry } from "twilio-simulator";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addLeads, type TestLead } from "../fixtures/add-leads.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { openSession, type Session } from "../fixtures/open-session.ts";
import { buildCampaign, readFigures, startCampaign, waitForStatus } from "../fixtures/run-campaign.ts";
import { makeDue } from "../fixtures/send-to.ts";
import { type OwnStack, startOwnStack } from "../fixtures/start-own-stack.ts";

let own: OwnStack;
let org: TestOrg;
let holder: Session;
// A stack of its own, because other files' campaigns would lose their worker with ours.
beforeAll(async () => {
  own = await startOwnStack();
  org = await createOrg(own.stack, { numbers: 1, mps: 2 });
  await org.sql`update public.orgs set cooldown_days = 0 where id = ${org.id}`;
  holder = await openSession(own.stack.ADMIN_DB_URL, org.sql);
});
afterAll(async () => {
  await holder?.end();
  await org?.close();
  await own?.stop();
});

type End = "kill -9" | "cut";
const workers = async () =>
  (await org.sql`select pid from pg_stat_activity where application_name like 'worker%'`).map(
    (row) => row.pid as number,
  );
const blockedWorkers = async () =>
  (
    await org.sql`select pid from pg_stat_activity where application_name like 'worker%' and wait_event_type = 'Lock'`
  ).map((row) => row.pid as number);
const endWorker = async (how: End) => {
  if (how === "kill -9") expect(await own.running.killFunction("worker")).not.toEqual([]);
  else
    await org.sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'worker%'`;
};

async function start(count: number): Promise<{ id: string; leads: TestLead[] }> {
  const leads = await addLeads(org, count);
  const id = await buildCampaign(org, { target_criteria: { lead_ids: leads.map((lead) => lead.id) } });
  await startCampaign(org, id);
  return { id, leads };
}
const attemptsOf = (id: string) =>
  org.sql`
    select a.id, a.outcome from public.send_attempts a join public.messages m on m.id = a.message_id
    where m.campaign_id = ${id} order by a.id`;
const postsOf = async (leads: TestLead[]) => {
  const phones = new Set(leads.map(({ e164 }) => e164));
  return ((await org.simulator.readRecord({ kind: "post" })) as PostEntry[]).filter(({ to }) =>
    phones.has(to),
  );
};
/** Moves time on by the minute after which a silent worker counts as dead. */
const rescue = () =>
  org.sql.begin(async (tx) => {
    await tx`
      update public.send_attempts set claimed_at = claimed_at - interval '61 seconds' where org_id = ${org.id} and outcome = 'open'`;
    await tx`select private.rescue_sends(clock_timestamp())`;
  });
/** Everybody got it once, by the simulator's record and by our tables. */
async function expectOnce({ id, leads }: { id: string; leads: TestLead[] }): Promise<void> {
  await waitFor(
    async () => {
      await makeDue(org, id);
      return (await readFigures(org, id)).delivered === leads.length;
    },
    { every: 300 },
  );
  await waitForStatus(org, id, "completed");
  const accepted = (await postsOf(leads)).filter((post) => post.accepted);
  expect(accepted.map(({ to }) => to).sort()).toEqual(leads.map(({ e164 }) => e164).sort());
  expect((await attemptsOf(id)).filter(({ outcome }) => outcome === "open" || outcome === "unknown")).toEqual(
    [],
  );
}

describe.each<End>(["kill -9", "cut"])("by %s", (how) => {
  test("before the claim's commit: nothing was claimed, and all is claimed again", async () => {
    await holder.begin();
    await holder.sql`select 1 from private.number_pace where phone_number_id = ${org.numbers[0]?.id ?? ""} for no key update`;
    const campaign = await start(3);
    const [claiming] = await waitFor(async () => {
      const found = await blockedWorkers();
      return found.length > 0 && found;
    });
    await endWorker(how);
    await holder.commit();
    await waitFor(async () => !(await workers()).includes(claiming as number));
    await expectOnce(campaign);
    // Rolled back with its transaction: no attempt of it is left to ask Twilio about. (One that missed its slot is given back.)
    const outcomes = (await attemptsOf(campaign.id)).map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome !== "not_posted")).toEqual(Array(3).fill("accepted"));
  });

  test("after the POST, before it is settled: Twilio's list settles it, and nothing is posted again", async () => {
    await org.simulator.setBehaviour({ answers: { hold: "after_accept" }, callbacks: { lost: 1 } });
    const campaign = await start(1);
    await waitFor(async () => (await org.simulator.held()).length === 1);
    await endWorker(how);
    if (how === "kill -9") {
      await waitFor(async () => (await attemptsOf(campaign.id))[0]?.outcome === "open");
      await rescue();
    }
    await org.simulator.setBehaviour({ answers: { hold: "none" }, callbacks: { lost: 0 } });
    await org.simulator.release();
    if (how === "cut") {
      // The worker still runs and reports over another connection. No receipt of the delivery was sent.
      await waitFor(async () => (await attemptsOf(campaign.id))[0]?.outcome === "accepted");
      expect((await postsOf(campaign.leads)).length).toBe(1);
      return;
    }
    await expectOnce(campaign);
    expect(await postsOf(campaign.leads)).toHaveLength(1);
    expect((await attemptsOf(campaign.id)).map(({ outcome }) => outcome)).toEqual(["accepted"]);
  });

  test("while it settles: settled once, by it or by Twilio's list", async () => {
    await org.simulator.setBehaviour({ answers: { hold: "after_accept" }, callbacks: { lost: 1 } });
    const campaign = await start(1);
    await waitFor(async () => (await org.simulator.held()).length === 1);
    await holder.begin();
    await holder.sql`select 1 from public.campaign_targets where campaign_id = ${campaign.id} for no key update`;
    await org.simulator.setBehaviour({ answers: { hold: "none" }, callbacks: { lost: 0 } });
    await org.simulator.release();
    await waitFor(async () => (await blockedWorkers()).length > 0);
    await endWorker(how);
    await holder.commit();
    await waitFor(async () => {
      await rescue();
      await makeDue(org, campaign.id);
      return (await attemptsOf(campaign.id))[0]?.outcome === "accepted";
    });
    await waitForStatus(org, campaign.id, "completed");
    expect(await postsOf(campaign.leads)).toHaveLength(1);
    expect(await readFigures(org, campaign.id)).toMatchObject({ sent: 1, sending: 0, unknown: 0 });
  });
});

test("by kill -9 after the claim's commit, before any POST: asked about twice, then sent", async () => {
  // At two a second every other message is claimed half a second before its slot: there is time to die in between.
  const campaign = await start(8);
  const doomed = await waitFor(
    async () => {
      const [row] = await org.sql`
        select a.id from public.send_attempts a join public.messages m on m.id = a.message_id
        where m.campaign_id = ${campaign.id} and a.outcome = 'open' and a.slot_at > clock_timestamp() + interval '250 milliseconds'`;
      return row?.id as string | undefined;
    },
    { every: 2 },
  );
  await endWorker("kill -9");
  expect((await postsOf(campaign.leads)).map(({ attempt }) => attempt)).not.toContain(doomed);
  await rescue();
  const outcome = async () => (await attemptsOf(campaign.id)).find(({ id }) => id === doomed)?.outcome;
  expect(await outcome()).toBe("unknown");
  await expectOnce(campaign);
  expect(await outcome()).toBe("not_accepted");
});
