// Waits until nothing is in flight: no delivery, callback or answer at Twilio, no send or reply on our side.
import { setTimeout as sleep } from "node:timers/promises";
import type { AccountControl } from "twilio-simulator/client";
import { type Dashboard, rowOf } from "./dashboard.ts";
import type { LiveFigures } from "./live-figures.ts";

/** The whole wait; anything still open then is shown as it is, and the checks report it. */
const AT_MOST_MS = 45_000;
const LOOK_EVERY_MS = 250;

/** @returns false if something was still open at the end */
export async function waitForQuiet(
  { client }: Dashboard,
  twilio: AccountControl,
  live: LiveFigures,
): Promise<boolean> {
  const end = performance.now() + AT_MOST_MS;
  while (performance.now() < end) {
    const isIdle = await twilio.waitUntilIdle(5_000);
    const open = await rowOf(
      client.from("messages").select("id").in("status", ["queued", "sending", "unknown"]).limit(1),
    );
    // An answer of ours may have been under way between the two checks.
    const isStillIdle = isIdle && open.length === 0 && (await twilio.waitUntilIdle(0));
    const { waiting, queued, sending, unknown } = live.figures;
    if (isStillIdle && waiting + queued + sending + unknown === 0) return true;
    await sleep(LOOK_EVERY_MS);
  }
  return false;
}
