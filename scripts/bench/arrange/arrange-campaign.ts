// A campaign on a running stack, ready to start: organisation, account, numbers at the simulator, leads, history.
import type postgres from "postgres";
import type { BehaviourPatch } from "twilio-simulator";
import { type AccountControl, connectSimulator } from "twilio-simulator/client";
import type { StackProcess } from "../stack/start-stack-process.ts";
import { addHistory } from "./add-history.ts";
import { addLeads } from "./add-leads.ts";
import { addShortText } from "./add-short-text.ts";
import { buildCampaign } from "./build-campaign.ts";
import { type BenchOrg, createOrg } from "./create-org.ts";
import { openAllHours } from "./open-all-hours.ts";

export interface CampaignSpec {
  messages: number;
  numbers: number;
  /** Messages a second of each number. */
  mps: number;
  /** Messages that the organisation sent before. */
  history: number;
  behaviour?: BehaviourPatch;
  /** Distinguishes its organisation from others of the stack. */
  n?: number;
  /** Use one text of one segment instead of the 24 that organisations begin with. */
  isShort?: boolean;
}

export interface ReadyCampaign {
  id: string;
  org: BenchOrg;
  /** The simulator's side of its account. */
  account: AccountControl;
}

export async function arrangeCampaign(
  stack: StackProcess,
  sql: postgres.Sql,
  { messages, numbers, mps, history, behaviour, n = 0, isShort = false }: CampaignSpec,
): Promise<ReadyCampaign> {
  const now = new Date();
  const org = await createOrg(sql, { n, numbers, mps });
  if (isShort) org.templates = [await addShortText(sql, org.id)];
  await openAllHours(sql, org.id);
  const account = await connectSimulator(stack.env.TWILIO_SIMULATOR_URL).register({
    accountSid: org.accountSid,
    authToken: org.authToken,
    behaviour,
    numbers: org.numbers.map(({ e164 }) => ({ phoneNumber: e164, mps: null })),
  });
  if (history > 0) await addHistory(sql, org, { from: 0, count: history, now });
  await addLeads(sql, org.id, { from: 0, count: messages, tag: "ALL" });
  const id = await buildCampaign(sql, org, { tag: "ALL", expected: messages, now });
  await sql`vacuum analyze`;
  return { id, org, account };
}
