// One run of the demo on a started platform: import, campaign, and the judgement.

import { connectSimulator } from "twilio-simulator/client";
import type { Check } from "../judging/check.ts";
import { checkRun, type FinishedRun } from "./check-run.ts";
import { openDashboard } from "./dashboard.ts";
import { importLeads } from "./import-leads.ts";
import { judgeSending } from "./judge-sending.ts";
import type { LeadFile } from "./lead-file.ts";
import { readOurSide } from "./read-our-side.ts";
import { runCampaign } from "./run-campaign.ts";
import type { Screen } from "./screen.ts";
import { showChecks } from "./show-checks.ts";
import type { Platform } from "./start-platform.ts";
import { type Result, showResult, sumUp } from "./sum-up.ts";
import { waitForLastNews } from "./wait-for-last-news.ts";
import { waitForQuiet } from "./wait-for-quiet.ts";

export interface DemoOutcome {
  result: Result;
  /** The checks that do not hold. */
  failed: Check[];
}

/** @param startedMono when the whole run began, platform included */
export async function runDemo(
  { stack }: Platform,
  file: LeadFile,
  seed: number,
  startedMono: number,
  screen: Screen,
): Promise<DemoOutcome> {
  const dashboard = await openDashboard(stack.env);
  try {
    const twilio = connectSimulator(stack.env.TWILIO_SIMULATOR_URL).account(dashboard.accountSid);
    screen.say(`\nImport`);
    const { preview, done } = await importLeads(dashboard, file, screen);
    screen.say(`\nCampaign over ${dashboard.numbers.length} numbers`);
    const run = await runCampaign(dashboard, twilio, seed, screen);
    screen.say("  sent; waiting for receipts and answers …");
    const isQuiet = await waitForQuiet(dashboard, twilio, run.live);
    let ours = await readOurSide(dashboard, run.id);
    // On a slow machine an answer may be folded after the read and before the last broadcast: then it is read once more.
    if (!(await waitForLastNews(run.live, ours))) {
      ours = await readOurSide(dashboard, run.id);
      await waitForLastNews(run.live, ours);
    }
    screen.keep();

    const record = await twilio.readRecord();
    const verdict = judgeSending(ours.messages, ours.attempts, record, run.clock);
    const finished: FinishedRun = {
      dashboard,
      file,
      preview,
      done,
      run,
      ours,
      record,
      verdict,
      isQuiet,
    };
    const checks = checkRun(finished);
    const result = sumUp(finished, (performance.now() - startedMono) / 1000);
    screen.say("\nSummary");
    showResult(result, finished, screen);
    screen.say("\nChecks, against what the simulator recorded");
    showChecks(checks, screen);
    return { result, failed: checks.filter((check) => !check.ok) };
  } finally {
    await dashboard.close();
  }
}
