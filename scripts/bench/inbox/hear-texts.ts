// A person's text on its way: from Twilio's webhook to a browser that watches the inbox.
import { randomUUID } from "node:crypto";
import { createClient } from "@supabase/supabase-js";
import ws from "ws";
import { signWebhook } from "../../../supabase/functions/_shared/twilio/sign-webhook.ts";
import { openChannel } from "../../realtime/open-channel.ts";
import { runAtRate } from "../measure/run-at-rate.ts";
import type { StackProcess } from "../stack/start-stack-process.ts";

export interface InboundPlan {
  orgId: string;
  /** Of a person who watches. */
  token: string;
  twilio: { accountSid: string; authToken: string };
  to: string;
  /** Who writes, one text each. */
  from: string[];
  perSecond: number;
}

/** @returns milliseconds from the webhook to the broadcast of the conversation, for each text that was heard */
export async function hearTexts(
  { env }: StackProcess,
  { orgId, token, twilio, to, from, perSecond }: InboundPlan,
): Promise<number[]> {
  const client = createClient(env.API_URL, env.PUBLISHABLE_KEY, {
    auth: { persistSession: false, autoRefreshToken: false },
    // Node 20 has no WebSocket of its own.
    realtime: { transport: ws as never },
  });
  await client.realtime.setAuth(token);
  const heard = new Map<string, number>();
  await openChannel(client, `inbox:${orgId}`, {
    onBroadcast: ({ payload }) => {
      for (const row of payload?.table === "conversations" ? payload.records : [])
        if (row.last_direction === "inbound" && !heard.has(row.e164)) heard.set(row.e164, performance.now());
    },
  });
  const url = `${env.FUNCTIONS_URL}/twilio/inbound`;
  const begun = new Map<string, number>();
  const { calls } = await runAtRate(from, perSecond, async (person) => {
    const form = new URLSearchParams({
      AccountSid: twilio.accountSid,
      MessageSid: `SM${randomUUID().replaceAll("-", "")}`,
      From: person,
      To: to,
      Body: "Is it still for sale?",
      NumMedia: "0",
    });
    const signature = await signWebhook(twilio.authToken, url, form);
    begun.set(person, performance.now());
    const answer = await fetch(url, {
      method: "POST",
      body: form,
      headers: { "x-twilio-signature": signature },
    });
    await answer.arrayBuffer();
    return answer.status;
  });
  const refused = calls.filter(({ answer }) => answer !== 200).length;
  if (refused > 0) throw new Error(`${refused} of ${from.length} texts were refused.`);
  const end = performance.now() + 10_000;
  while (heard.size < from.length && performance.now() < end)
    await new Promise((resolve) => setTimeout(resolve, 50));
  await client.removeAllChannels();
  return [...heard].map(([person, at]) => at - (begun.get(person) as number));
}
