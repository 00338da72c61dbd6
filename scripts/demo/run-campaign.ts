// Creates, builds and runs a campaign over the ten numbers, with a pause in the middle.

import type { AccountControl } from "twilio-simulator/client";
import { type ClockComparison, compareClocks } from "../judging/compare-clocks.ts";
import { type Dashboard, rowOf } from "./dashboard.ts";
import { drawCampaign } from "./draw-campaign.ts";
import { followCampaign, type LiveFigures } from "./live-figures.ts";
import { optOutEarly } from "./opt-out-early.ts";
import { type Pause, pauseInTheMiddle } from "./pause-in-the-middle.ts";
import type { Screen } from "./screen.ts";
import { simulatePeople } from "./simulate-people.ts";
import { waitForRegistration } from "./wait-for-registration.ts";

export interface CampaignRun {
  id: string;
  live: LiveFigures;
  /** Null if too few people are written to for a pause in the middle. */
  pause: Pause | null;
  /** People whose message Twilio accepted without ever answering. */
  silent: string[];
  clock: ClockComparison;
}

/** Long enough for figures, which arrive once a second, to show the middle of the campaign. */
const SHORTEST_SECONDS = 6;
/** With fewer messages there is no pause. */
const LEAST_TO_PAUSE = 20;
const SILENT_PEOPLE = 4;
const STARTED = ["running", "paused", "completed"];

interface Counts {
  audience: number;
  targets: number;
  excluded: number;
  reasons: Record<string, number>;
}

/** @throws Error when the API refuses a step, or the campaign stops by itself */
export async function runCampaign(
  dashboard: Dashboard,
  twilio: AccountControl,
  seed: number,
  screen: Screen,
): Promise<CampaignRun> {
  const { call, client, numbers } = dashboard;
  const { id } = await call<{ id: string }>("POST", "campaigns", {
    name: "Demo campaign",
    quiet_hours_override: true,
  });
  const { counts } = await call<{ counts: Counts }>("POST", `campaigns/${id}/build-targets`, {
    dry_run: true,
  });
  showCounts(counts, screen);
  const ideal = numbers.reduce((sum, { mps }) => sum + mps, 0);
  if (counts.targets < ideal * SHORTEST_SECONDS)
    await call("PATCH", `campaigns/${id}`, {
      mps: Math.max(1, Math.ceil(counts.targets / SHORTEST_SECONDS)),
    });
  const draw = (live: LiveFigures) => STARTED.includes(live.status) && drawCampaign(screen, live);
  const live = await followCampaign(dashboard, id, draw);
  await call("POST", `campaigns/${id}/build-targets`, {});
  await live.news.waitUntil("the audience", () => live.status === "ready");

  const first = await rowOf(
    client
      .from("campaign_targets")
      .select("e164")
      .match({ campaign_id: id, state: "waiting" })
      .order("ordinal")
      .limit(SILENT_PEOPLE * 10),
  );
  const silent = first.map(({ e164 }) => e164).filter((_, i) => i % 10 === 5);
  await simulatePeople(twilio, dashboard, seed, silent);

  await waitForRegistration(dashboard);
  const before = Date.now();
  const { started_at } = await call<{ started_at: string }>("POST", `campaigns/${id}/start`);
  const clock = compareClocks(Date.parse(started_at), before, Date.now());
  const pause =
    counts.targets < LEAST_TO_PAUSE
      ? null
      : await pauseInTheMiddle(dashboard, id, live, screen, () => optOutEarly(dashboard, twilio, id));
  await live.news.waitUntil(
    "the campaign's end",
    () => live.status === "completed" || live.status === "paused",
  );
  screen.keep();
  if (live.status === "paused") throw new Error(`The campaign was paused by itself: ${live.needsAttention}`);
  return { id, live, pause, silent, clock };
}

function showCounts({ audience, targets, excluded, reasons }: Counts, screen: Screen): void {
  const why = Object.entries(reasons).map(([reason, count]) => `${reason} ${count}`);
  screen.say(
    `  dry run    ${audience} people: ${targets} to write to, ${excluded} excluded${why.length > 0 ? ` (${why.join(", ")})` : ""}`,
  );
  screen.say(
    "  Sends at any hour (quiet_hours_override): allowed only because the Twilio here is a simulator.",
  );
}
