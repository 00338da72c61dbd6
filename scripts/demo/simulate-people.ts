// How the simulated Twilio and the people behind the phones behave in the demo.

import type { BehaviourPatch } from "twilio-simulator";
import type { AccountControl } from "twilio-simulator/client";
import type { Dashboard } from "./dashboard.ts";

/**
 * Delays are a tenth of a carrier's. Every fault occurs, in shares below the limits at which a campaign would be paused. The
 * exception are faults whose outcome Twilio reports only after minutes (that a request was never accepted is known only after
 * two looks, ten minutes apart).
 */
const BEHAVIOUR: BehaviourPatch = {
  timeFactor: 0.1,
  delivery: {
    failures: [
      { code: 30003, share: 0.012 },
      { code: 30005, share: 0.008 },
      { code: 30006, share: 0.004 },
      { code: 30007, share: 0.004 },
      { code: 30008, share: 0.004 },
      // Twilio may also report failed, if no carrier took it.
      { code: 30005, share: 0.002, status: "failed" },
    ],
    unconfirmed: 0.008,
  },
  rejections: [
    { code: 21211, share: 0.004 },
    { code: 21614, share: 0.004 },
    { code: 20429, share: 0.005 },
  ],
  answers: { errorAfterAccept: 0.003, resetAfterAccept: 0.003 },
  callbacks: { duplicated: 0.05, reordered: 0.03, beforeAnswer: 0.02 },
  inbound: { duplicated: 0.1 },
  people: {
    interested: 0.06,
    notInterested: 0.05,
    stop: 0.005,
    alto: 0.005,
    stopThanks: 0.003,
    help: 0.005,
    ayuda: 0.008,
    wrongNumber: 0.008,
    spanish: 0.7,
    delay: { min: 5_000, max: 40_000 },
  },
};

/** Twilio accepts these and never answers; its first callback arrives after the connection has closed. */
const SILENT: BehaviourPatch = {
  answers: { timeoutAfterAccept: 1, holdMs: 1_000 },
  delays: { sent: 20_000 },
};

/** @param silent the people whose message is accepted without an answer */
export async function simulatePeople(
  twilio: AccountControl,
  { numbers }: Dashboard,
  seed: number,
  silent: string[],
): Promise<void> {
  await twilio.reset(seed);
  await twilio.replaceBehaviour(BEHAVIOUR);
  // The simulator's numbers have no pace of their own, so the pace it measures is ours.
  await twilio.addNumbers(numbers.map(({ e164 }) => ({ phoneNumber: e164, mps: null })));
  for (const to of silent) await twilio.addOverride({ to, times: 1, behaviour: SILENT });
}
