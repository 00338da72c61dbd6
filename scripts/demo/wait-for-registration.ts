// Waits until the worker has read the A2P registration of the demo's messaging service: campaigns start once it is verified.
import { setTimeout as sleep } from "node:timers/promises";
import { type Dashboard, rowOf } from "./dashboard.ts";

const AT_MOST_MS = 60_000;
const LOOK_EVERY_MS = 250;

/** It takes seconds at most and is usually done already. If it never arrives, the start of the campaign says what is missing. */
export async function waitForRegistration({ client }: Dashboard): Promise<void> {
  const end = performance.now() + AT_MOST_MS;
  while (performance.now() < end) {
    const registrations = await rowOf(client.from("a2p_registrations").select("status"));
    if (registrations.length > 0) return;
    await sleep(LOOK_EVERY_MS);
  }
}
