// A platform of its own with several organisations, whose campaigns share people, texts and one Twilio that misbehaves.

import type { Random } from "../../scripts/demo/random.ts";
import { addLeads, type TestLead } from "../fixtures/add-leads.ts";
import { addTemplate } from "../fixtures/add-templates.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { buildCampaign } from "../fixtures/run-campaign.ts";
import { type OwnStack, startOwnStack } from "../fixtures/start-own-stack.ts";
import { behaviourOf } from "./behaviours.ts";

export interface ChaosOrg {
  org: TestOrg;
  leads: TestLead[];
  campaigns: string[];
  /** Whether messages hidden from Twilio's list stay hidden. */
  hidesForGood: boolean;
}

export interface World {
  own: OwnStack;
  orgs: ChaosOrg[];
  random: Random;
  /** Errors that functions logged, and complaints of the platform. */
  complaints: string[];
  close(): Promise<void>;
}

const ORGS = 3;
const PEOPLE = 75;
const NUMBERS = 3;
/** Messages a second of each number: slow enough that campaigns last as long as the faults. */
export const MPS = 4;
/** The fragment that docs/deploy.md recommends: without it a webhook that failed once is lost. */
const REPEATED = "#rc=3&rp=5xx,ct,rt";
/** Failures that are not part of the plan: the database refuses a worker, results are given up, a function dies by itself. */
const TROUBLE = /worker ERROR:|PANIC|deadlock|could not be settled|Uncaught/;
/**
 * postgres.js 3.4.9 writes to a connection that was cut within the same tick, and takes its process with it. The function's
 * next call starts a new one, so it is one more worker that died.
 */
const KNOWN = /Cannot read properties of null \(reading 'write'\)/;

export async function startWorld(random: Random, seed: number): Promise<World> {
  const complaints: string[] = [];
  const own = await startOwnStack(
    {},
    {
      // Two workers at once, so that another one runs when one dies.
      seed,
      isolates: { worker: 2 },
      log: (source, line) => {
        if (process.env.STACK_LOG) console.log(`${source}: ${line}`);
        if (TROUBLE.test(line) && !KNOWN.test(line)) complaints.push(`${source}: ${line.slice(0, 500)}`);
      },
    },
  );
  try {
    const places = Array.from({ length: ORGS }, (_, place) => place);
    const orgs = await Promise.all(places.map((place) => makeOrg(own, random, seed, place)));
    const close = async () => {
      await Promise.all(orgs.map(({ org }) => org.close()));
      await own.stop();
    };
    return { own, orgs, random, complaints, close };
  } catch (error) {
    await own.stop();
    throw error;
  }
}

/** Florida allows three texts in a day. With two of the drip, a person of all three campaigns would have to wait for the next. */
const mayHave =
  (campaign: number) =>
  ({ e164 }: TestLead) =>
    campaign > 0 || !/^\+1(305|813)/.test(e164);

async function makeOrg(own: OwnStack, random: Random, seed: number, place: number): Promise<ChaosOrg> {
  const org = await createOrg(own.stack, { numbers: NUMBERS, mps: MPS });
  await org.simulator.reset(seed + place);
  const behaviour = behaviourOf(place);
  await org.simulator.replaceBehaviour(behaviour);
  const inbound = `${own.stack.FUNCTIONS_URL}/twilio/inbound${REPEATED}`;
  await org.simulator.addNumbers(
    org.numbers.map(({ e164 }) => ({ phoneNumber: e164, smsUrl: inbound, mps: null })),
  );
  await org.sql`update public.orgs set cooldown_days = 0 where id = ${org.id}`;
  const leads = await addLeads(org, PEOPLE);
  const build = async (n: number) => {
    // The first two have texts of their own, the third has the first one's: similar messages must not be mixed up.
    const content = `Hola {first_name}, somos {brand} (${n % 2}). Compramos terrenos. Responda ALTO para no recibir mas.`;
    const template = await addTemplate(org.sql, org.id, { category: "initial", language: "es", content });
    const again = await addTemplate(org.sql, org.id, {
      category: "followup",
      language: "es",
      content: `${content} (2)`,
    });
    const people = random
      .shuffle(leads)
      .slice(0, Math.ceil(PEOPLE * 0.6))
      .filter(mayHave(n));
    return await buildCampaign(org, {
      name: `Chaos ${n}`,
      template_ids: [template],
      retry_undelivered: n === 1,
      // One is a drip: its second text follows the first while everything goes wrong.
      ...(n === 0 && { steps: [{ wait_hours: 1, template_ids: [again] }] }),
      target_criteria: { lead_ids: people.map(({ id }) => id) },
    });
  };
  const hidesForGood = behaviour.hidden?.forMs === null;
  return { org, leads, hidesForGood, campaigns: await Promise.all([0, 1, 2].map(build)) };
}
