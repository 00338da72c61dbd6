// How the simulated Twilio misbehaves towards each organisation of a run. Everything goes wrong, in a different way for each.
import type { BehaviourPatch } from "twilio-simulator";

const COMMON: BehaviourPatch = {
  delays: { answer: { min: 0, max: 80 }, queued: { min: 5, max: 40 }, sent: { min: 20, max: 300 } },
  delivery: {
    failures: [
      { code: 30003, share: 0.02 },
      { code: 30005, share: 0.01 },
      { code: 30007, share: 0.01 },
      { code: 30008, share: 0.01 },
      { code: 30001, share: 0.01 },
      { code: 30022, share: 0.02, status: "failed" },
      { code: 21610, share: 0.005 },
    ],
    unconfirmed: 0.03,
  },
  rejections: [
    { code: 20429, share: 0.03 },
    { code: 21211, share: 0.01 },
    { code: 21610, share: 0.005 },
    { code: 21611, share: 0.005 },
    { code: 21606, share: 0.003 },
    { code: 20003, share: 0.002 },
  ],
  answers: {
    timeoutAfterAccept: 0.04,
    holdMs: 1_200,
    resetBeforeAccept: 0.02,
    resetAfterAccept: 0.04,
    errorBeforeAccept: 0.03,
    errorAfterAccept: 0.04,
  },
  callbacks: { duplicated: 0.15, reordered: 0.15, beforeAnswer: 0.1 },
  limits: { concurrency: 12 },
  inbound: { duplicated: 0.2 },
  people: {
    stop: 0.03,
    alto: 0.02,
    stopThanks: 0.01,
    help: 0.01,
    ayuda: 0.03,
    wrongNumber: 0.02,
    interested: 0.05,
    delay: { min: 100, max: 2_500 },
  },
};

/** Additional faults of each organisation, by its place in the run. */
const OWN: BehaviourPatch[] = [
  // Callbacks are lost, and the list is late: only a second look finds sent messages.
  {
    delays: { final: { min: 100, max: 1_500 } },
    callbacks: { lost: 0.6 },
    // Longer than until the first look, shorter than until the second.
    hidden: { share: 0.5, forMs: 6_000 },
  },
  // The list never shows most messages, and callbacks arrive after they were given up: late successes, and double sends.
  {
    delays: { sent: { min: 100, max: 14_000 }, final: { min: 100, max: 1_000 } },
    hidden: { share: 0.8, forMs: null },
  },
  // Twilio answers slowly, and half of its callbacks are lost.
  {
    delays: { answer: { min: 50, max: 600 }, final: { min: 100, max: 1_500 } },
    callbacks: { lost: 0.5 },
  },
];

/** Sections are merged setting by setting. */
export function behaviourOf(place: number): BehaviourPatch {
  const own = OWN[place % OWN.length] as BehaviourPatch;
  const merged: Record<string, unknown> = { ...COMMON };
  for (const [section, settings] of Object.entries(own))
    merged[section] = { ...(COMMON[section as keyof BehaviourPatch] as object), ...(settings as object) };
  return merged as BehaviourPatch;
}

/** New messages meet no faults; earlier ones keep theirs. */
export const CALM: BehaviourPatch = {
  delays: { answer: 0, queued: 5, sent: { min: 20, max: 100 }, final: { min: 50, max: 300 } },
};
