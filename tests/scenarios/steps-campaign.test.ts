// Three steps and two variants to 500 people who answer, judged by the simulator's record; and the figures of the steps.
import { waitFor } from "local-supabase/testing/wait-for";
import type { InboundEntry } from "twilio-simulator";
import { doubleSends, sentAfterOptOut } from "twilio-simulator/judge";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { addLeads, type TestLead } from "../fixtures/add-leads.ts";
import { checkFigures } from "../fixtures/check-figures.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { isTaken, judgeDrip, readStepFigures, runDrip, TALKATIVE } from "../fixtures/run-drip.ts";

const PEOPLE = 500;
let org: TestOrg;
let leads: TestLead[];
beforeAll(async () => {
  org = await createOrg(inject("stack"), { mps: 100, behaviour: { people: TALKATIVE } });
  // Answers in plenty are what this is about.
  await org.sql`update public.sending_limits set opt_out_rate = 1 where org_id = ${org.id}`;
  leads = await addLeads(org, PEOPLE);
});
afterAll(() => org.close());

test("everybody gets exactly the steps they should, and the figures of the steps say so", async () => {
  const id = await runDrip(org);
  expect(
    await judgeDrip(
      org,
      leads.map(({ e164 }) => e164),
    ),
  ).toEqual([]);
  const record = await org.simulator.readRecord();
  expect(doubleSends(record)).toEqual([]);
  expect(sentAfterOptOut(record)).toEqual([]);

  const sentOf = async (step: number) =>
    (
      await org.sql`
      select count(*)::int as n from public.messages where campaign_id = ${id} and step = ${step} and status = 'delivered'`
    )[0]?.n;
  const answered = new Set(
    record
      .filter((entry): entry is InboundEntry => entry.kind === "inbound" && isTaken(entry))
      .map(({ from }) => from),
  );
  expect(answered.size).toBeGreaterThan(PEOPLE / 4);
  const figures = await waitFor(async () => {
    const steps = await readStepFigures(org, id);
    return steps.every(({ waiting, sent, delivered }) => waiting === 0 && sent === delivered) && steps;
  });
  expect(figures.map(({ step, targets, sent }) => ({ step, targets, sent }))).toEqual([
    { step: 1, targets: PEOPLE, sent: PEOPLE },
    { step: 2, targets: PEOPLE, sent: await sentOf(2) },
    { step: 3, targets: await sentOf(2), sent: await sentOf(3) },
  ]);
  for (const { targets, sent, failed, stopped } of figures) expect(sent + failed + stopped).toBe(targets);
  const stopped = figures.reduce((sum, step) => sum + step.stopped, 0);
  const last = await org.sql`
    select 1 from public.messages m where m.campaign_id = ${id} and m.step = 3 and m.to_number = any (${[...answered]})`;
  expect(stopped).toBe(answered.size - last.length);
  expect(await checkFigures(org, org.id)).toEqual([]);
});
