// Waits until the figures received over Realtime equal those the platform counts: the last ones are sent a second later.
import { setTimeout as sleep } from "node:timers/promises";
import { differentFigures, type LiveFigures } from "./live-figures.ts";
import type { OurSide } from "./read-our-side.ts";

const AT_MOST_MS = 10_000;

/** @returns whether they agree within 10 s; if not, the checks show what differs */
export async function waitForLastNews(live: LiveFigures, ours: OurSide): Promise<boolean> {
  const texts = ours.messages.filter(({ kind }) => kind === "inbound").length;
  const end = performance.now() + AT_MOST_MS;
  while (performance.now() < end) {
    if (differentFigures(live.figures, ours.stats).length === 0 && live.texts === texts) return true;
    await sleep(50);
  }
  return false;
}
