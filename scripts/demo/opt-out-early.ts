// People who opt out before their message is sent: they must never be written to.
import type { AccountControl } from "twilio-simulator/client";
import { type Dashboard, rowOf } from "./dashboard.ts";

const TEXTS = ["ALTO", "STOP", "Stop. Thank you", "alto por favor"];

/** Makes the last waiting people opt out by a text to one of the numbers; resolves when the webhooks have answered. */
export async function optOutEarly(
  { client, numbers }: Dashboard,
  twilio: AccountControl,
  campaignId: string,
): Promise<void> {
  const waiting = await rowOf(
    client
      .from("campaign_targets")
      .select("e164")
      .match({ campaign_id: campaignId, state: "waiting" })
      .order("ordinal", { ascending: false })
      .limit(TEXTS.length),
  );
  await Promise.all(
    waiting.map(({ e164 }, i) =>
      twilio.sendInbound({
        from: e164,
        to: (numbers[i % numbers.length] as { e164: string }).e164,
        body: TEXTS[i] as string,
      }),
    ),
  );
}
