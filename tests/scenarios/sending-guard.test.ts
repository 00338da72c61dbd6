// The automatic brakes of campaigns and numbers, each against the simulator: they trip, give the reason, and a resume goes on.
import { randomBytes } from "node:crypto";
import { waitFor } from "local-supabase/testing/wait-for";
import postgres from "postgres";
import type { BehaviourPatch } from "twilio-simulator";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { addLeads } from "../fixtures/add-leads.ts";
import { callFunction } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import {
  buildCampaign,
  callApi,
  readFigures,
  startCampaign,
  waitForStatus,
} from "../fixtures/run-campaign.ts";
import { makeDue } from "../fixtures/send-to.ts";
import { waitForAlert, waitForNoAlert } from "../fixtures/wait-for-alert.ts";

const stack = inject("stack");
const MINUTES = 60_000;

/** The ticks do the guard's task as always, but every second, not every 15 s: each test needs two or three of its rounds. */
const runGuardEvery = async (seconds: number) => {
  const sql = postgres(stack.ADMIN_DB_URL, { max: 1 });
  await sql`update private.tasks set seconds = ${seconds} where name = 'guard'`;
  await sql.end();
};
beforeAll(() => runGuardEvery(1));
afterAll(() => runGuardEvery(15));

/** An organisation of its own for each: limits, balance and numbers are the organisation's. */
async function withOrg(
  options: Parameters<typeof createOrg>[1],
  work: (org: TestOrg) => Promise<void>,
): Promise<void> {
  const org = await createOrg(stack, options);
  try {
    await work(org);
  } finally {
    await org.close();
  }
}

const setLimits = (org: TestOrg, limits: Record<string, unknown>) =>
  callApi(org, "PATCH", "/settings/organisation", limits);
const replaceBehaviour = (org: TestOrg, patch: BehaviourPatch) =>
  org.simulator.replaceBehaviour({ timeFactor: 0, ...patch });
const campaignOf = async (org: TestOrg, id: string) =>
  await callApi<{ status: string; needs_attention: string | null }>(org, "GET", `/campaigns/${id}`);

/** A campaign to this many people, so slow that some are left after the guard's round. */
async function runTo(org: TestOrg, people: number, input: Record<string, unknown> = {}): Promise<string> {
  await addLeads(org, people);
  const campaign = await buildCampaign(org, { mps: 3, ...input });
  await startCampaign(org, campaign);
  return campaign;
}

/** Expects a stop with these words in reason and alert; once the cause is fixed and it is resumed, it completes. */
async function expectStopAndResume(
  org: TestOrg,
  campaign: string,
  { kind, words, mend }: { kind: string; words: string; mend: () => Promise<unknown> },
): Promise<void> {
  const message = await waitForAlert(org, kind);
  expect(message).toContain(words);
  await waitForStatus(org, campaign, "paused");
  expect((await campaignOf(org, campaign)).needs_attention).toContain(words);
  const stopped = await readFigures(org, campaign);
  expect(stopped.waiting).toBeGreaterThan(0);
  await mend();
  await callApi(org, "PATCH", `/campaigns/${campaign}`, { mps: null });
  await callApi(org, "POST", `/campaigns/${campaign}/resume`);
  const resumed = await campaignOf(org, campaign);
  // The rest may have been sent by now.
  expect(["running", "completed"]).toContain(resumed.status);
  expect(resumed.needs_attention).toBeNull();
  await waitFor(
    async () => {
      await makeDue(org, campaign);
      const [row] = await org.sql`select status from public.campaigns where id = ${campaign}`;
      return row?.status === "completed";
    },
    { every: 200 },
  );
  await waitForNoAlert(org, kind);
}

test.concurrent(
  "opt-outs: the campaign is paused with the figures; resumed, it completes",
  () =>
    withOrg(
      {
        behaviour: { delivery: { manual: false }, people: { stop: 1, delay: 0 } },
      },
      async (org) => {
        await setLimits(org, { opt_out_volume: 5 });
        const campaign = await runTo(org, 100);
        await expectStopAndResume(org, campaign, {
          kind: "breaker_tripped",
          words: "were answered by an opt-out",
          mend: () => replaceBehaviour(org, {}),
        });
      },
    ),
  4 * MINUTES,
);

test.concurrent(
  "filtered on every number: the campaign is paused; resumed with other texts, it completes",
  () =>
    withOrg(
      {
        numbers: 3,
        behaviour: { delivery: { failures: [{ code: 30007, share: 1, status: "undelivered" }] } },
      },
      async (org) => {
        // No number by itself sends so many.
        await setLimits(org, { filtered_volume: 20 });
        await org.sql`update public.phone_numbers set mps = 1.5 where org_id = ${org.id}`;
        const campaign = await runTo(org, 100, { mps: null });
        await expectStopAndResume(org, campaign, {
          kind: "breaker_tripped",
          words: "were filtered as spam",
          mend: async () => {
            await replaceBehaviour(org, {});
            // A number counts its whole day, also what was sent before: in the end each has sent so many, and would be stopped.
            await org.sql`update public.sending_limits set filtered_rate = 1 where org_id = ${org.id}`;
            await org.sql`update public.phone_numbers set mps = 50 where org_id = ${org.id}`;
          },
        });
      },
    ),
  4 * MINUTES,
);

test.concurrent(
  "filtered on one number: that number is quarantined, the campaign goes on with the others and completes",
  () =>
    withOrg({ numbers: 3 }, async (org) => {
      const bad = org.numbers[0] as TestOrg["numbers"][0];
      await org.simulator.addOverride({
        number: bad.e164,
        behaviour: { delivery: { failures: [{ code: 30007, share: 1, status: "undelivered" }] } },
      });
      await setLimits(org, { filtered_volume: 5 });
      const campaign = await runTo(org, 100);
      expect(await waitForAlert(org, "number_quarantined")).toContain(`${bad.e164} was quarantined.`);
      const numbers = await org.sql`select id, status from public.phone_numbers where org_id = ${org.id}`;
      expect(numbers.filter(({ status }) => status === "quarantined").map(({ id }) => id)).toEqual([bad.id]);
      await callApi(org, "PATCH", `/campaigns/${campaign}`, { mps: null });
      await waitForStatus(org, campaign, "completed");
      await callApi(org, "POST", `/phone-numbers/${bad.id}/status`, { status: "active" });
      await waitForNoAlert(org, "number_quarantined");
    }),
  4 * MINUTES,
);

test.concurrent(
  "sends without an answer that Twilio's list does not have: paused after the first look; resumed, it completes",
  () =>
    withOrg({ behaviour: { answers: { errorBeforeAccept: 1 } } }, async (org) => {
      await setLimits(org, { unknown_volume: 5 });
      const campaign = await runTo(org, 100);
      const looked = waitFor(
        async () => {
          // The first look comes two minutes after the POST; the second one is not moved.
          await org.sql`
            update public.send_attempts a set next_look_at = now() from public.messages m
            where m.id = a.message_id and m.campaign_id = ${campaign} and a.looks = 0 and a.next_look_at > now()`;
          const [row] = await org.sql`select status from public.campaigns where id = ${campaign}`;
          return row?.status === "paused";
        },
        { every: 200 },
      );
      await looked;
      await expectStopAndResume(org, campaign, {
        kind: "breaker_tripped",
        words: "got no answer that showed whether they were sent",
        mend: () => replaceBehaviour(org, {}),
      });
    }),
  4 * MINUTES,
);

test.concurrent(
  "failures: paused with the figures; resumed, it completes",
  () =>
    withOrg({ behaviour: { rejections: [{ code: 21211, share: 1 }] } }, async (org) => {
      await setLimits(org, { failed_volume: 5 });
      const campaign = await runTo(org, 100);
      await expectStopAndResume(org, campaign, {
        kind: "breaker_tripped",
        words: "failed or were not delivered",
        mend: () => replaceBehaviour(org, {}),
      });
    }),
  4 * MINUTES,
);

test.concurrent(
  "today's spending limit: paused when it is reached, resumed once it is raised, not before",
  () =>
    withOrg({}, async (org) => {
      await setLimits(org, { daily_spending_limit: 0.2 });
      const campaign = await runTo(org, 100);
      await waitForStatus(org, campaign, "paused");
      const refused = await callFunction(stack, org.admin, "POST", `/campaigns/${campaign}/resume`);
      expect([refused.status, refused.body.error.code]).toEqual([409, "spending_limit_reached"]);
      await expectStopAndResume(org, campaign, {
        kind: "spending_limit_reached",
        words: "spending limit is 0.20 US dollars",
        mend: () => setLimits(org, { daily_spending_limit: 100 }),
      });
      // Spending is that of the accepted messages, at the organisation's prices.
      const accepted = (await org.simulator.readRecord({ kind: "post" })).length;
      await waitFor(async () => {
        const { spent_today } = await callApi<{ spent_today: number }>(org, "GET", "/settings/organisation");
        return Math.abs(spent_today - accepted * 0.0128) < 0.00001;
      });
    }),
  4 * MINUTES,
);

test.concurrent(
  "a low balance at Twilio: paused; paid in and resumed, it completes",
  () =>
    withOrg({}, async (org) => {
      const setBalance = (balance: number) => registerAgain(org, { balance });
      await setBalance(3.5);
      const campaign = await runTo(org, 100);
      await expectStopAndResume(org, campaign, {
        kind: "balance_low",
        words: "The balance at Twilio is 3.",
        mend: () => setBalance(100),
      });
    }),
  4 * MINUTES,
);

test.concurrent(
  "A2P registration: start waits until it is read, is refused until it is verified; turned bad, it pauses",
  () =>
    withOrg({}, async (org) => {
      const sid = `MG${randomBytes(16).toString("hex")}`;
      const register = (status: "PENDING" | "VERIFIED" | "FAILED") =>
        org.simulator.setServices([{ sid, campaign: { status } }]);
      /** As if the 10 minutes, or the day, were over, until the worker has read it: a look may have been under way. */
      const readAgain = (status: string) =>
        waitFor(
          async () => {
            const [row] = await org.sql`
              select status from public.a2p_registrations where org_id = ${org.id}`;
            if (row?.status === status) return true;
            await org.sql`update public.a2p_registrations set checked_at = now() - interval '25 hours' where org_id = ${org.id}`;
            await org.sql`update private.account_checks set due_at = now() where org_id = ${org.id} and due_at > now() + interval '1 minute'`;
            return false;
          },
          { every: 200 },
        );
      await register("PENDING");
      await org.simulator.addNumbers(
        org.numbers.map(({ e164 }) => ({ phoneNumber: e164, serviceSid: sid, mps: null })),
      );
      await addLeads(org, 100);
      const campaign = await buildCampaign(org, { mps: 3 });
      const start = () => callFunction(stack, org.admin, "POST", `/campaigns/${campaign}/start`);
      await org.sql`select private.set_twilio_account(${org.id}, ${org.twilio.accountSid}, ${org.twilio.authToken}, ${sid})`;
      // Not read yet, unless the worker, which reads it by itself, was faster.
      const codes: string[] = [];
      const last = await waitFor(async () => {
        const answer = await start();
        codes.push(answer.body.error.code);
        return answer.body.error.code === "a2p_not_verified" && answer;
      });
      expect(codes.filter((code) => code !== "a2p_not_checked" && code !== "a2p_not_verified")).toEqual([]);
      expect([last.status, last.body.error.message]).toEqual([
        409,
        expect.stringContaining(`${sid} is PENDING`),
      ]);
      await register("VERIFIED");
      await readAgain("VERIFIED");
      expect((await start()).status).toBe(200);
      await register("FAILED");
      await readAgain("FAILED");
      await waitForStatus(org, campaign, "paused");
      const refused = await callFunction(stack, org.admin, "POST", `/campaigns/${campaign}/resume`);
      expect([refused.status, refused.body.error.code]).toEqual([409, "a2p_not_verified"]);
      await expectStopAndResume(org, campaign, {
        kind: "a2p_not_verified",
        words: `${sid} is FAILED (30951)`,
        mend: async () => {
          await register("VERIFIED");
          await readAgain("VERIFIED");
        },
      });
    }),
  4 * MINUTES,
);

test.concurrent(
  "an account that Twilio does not tell about: an alert after the fifth time, never a crash, and no token in any log",
  () =>
    withOrg({}, async (org) => {
      await org.sql`select private.set_twilio_account(${org.id}, ${org.twilio.accountSid}, 'wrong-token-for-the-guard', ${`MG${randomBytes(16).toString("hex")}`})`;
      await waitFor(async () => {
        const [row] = await org.sql`
          update private.account_checks set due_at = now() where org_id = ${org.id} and failures between 1 and 4 and due_at > now() + interval '1 second' returning 1`;
        const [alert] =
          await org.sql`select message from public.alerts where org_id = ${org.id} and kind = 'account_check_failed'`;
        return row === undefined && alert?.message.includes("Twilio error 20003");
      });
      const log = await (await fetch(`${stack.CONTROL_URL}/log`)).text();
      expect(log).toContain("could not look at a Twilio account");
      expect(log).not.toContain("wrong-token-for-the-guard");
      expect(log).not.toContain(btoa(`${org.twilio.accountSid}:wrong-token-for-the-guard`));
    }),
  4 * MINUTES,
);

/** The simulator takes a known account's new settings and keeps the rest. */
async function registerAgain(org: TestOrg, settings: { balance: number }): Promise<void> {
  const response = await fetch(`${stack.TWILIO_SIMULATOR_URL}/simulator/accounts`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...org.twilio, ...settings }),
  });
  if (!response.ok) throw new Error(await response.text());
}
