// Pauses a running campaign in the middle, checks that nothing is sent, and resumes it.
import { setTimeout as sleep } from "node:timers/promises";
import type { Dashboard } from "./dashboard.ts";
import type { LiveFigures } from "./live-figures.ts";
import type { Screen } from "./screen.ts";

export interface Pause {
  /** When the pause was answered and when the resume was sent: wall clock in ms, the same as the simulator's. */
  answeredAt: number;
  resumedAt: number;
}

/** A message that was claimed before the pause is posted within this, or not at all. */
export const IN_FLIGHT_MS = 2_000;
/** How long it watches after that: planning and worker calls happen every 2 s, so one that ignored the pause would show. */
const WATCHED_MS = 2_500;
const MIDDLE = 0.4;

/** @param meanwhile runs while the campaign is paused */
export async function pauseInTheMiddle(
  { call }: Dashboard,
  campaignId: string,
  live: LiveFigures,
  screen: Screen,
  meanwhile: () => Promise<void>,
): Promise<Pause> {
  const isMiddle = () => {
    const { audience, excluded, sent, failed } = live.figures;
    const done = sent + failed;
    return (done > 0 && done >= (audience - excluded) * MIDDLE) || live.status === "completed";
  };
  await live.news.waitUntil("the middle of the campaign", isMiddle);
  await call("POST", `campaigns/${campaignId}/pause`);
  const answeredAt = Date.now();
  screen.keep();
  screen.say("  paused: what was claimed already goes out within 2 s, then nothing");
  await meanwhile();
  await live.news.waitUntil("the news of the pause", () => live.status !== "running");
  // Watches for this whole time; there is no condition to wait for.
  await sleep(answeredAt + IN_FLIGHT_MS + WATCHED_MS - Date.now());
  screen.keep();
  screen.say("  resumed");
  const resumedAt = Date.now();
  await call("POST", `campaigns/${campaignId}/resume`);
  await live.news.waitUntil("the news that it goes on", () => live.status !== "paused");
  return { answeredAt, resumedAt };
}
