// How the simulated Twilio misbehaves towards each organisation of a run. Everything goes wrong, and each in its own way.
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

/** What the organisations meet beyond that, by their place in the run. */
const OWN: BehaviourPatch[] = [
  // Callbacks get lost, and the list is late: only a second look finds what went out.
  {
    delays: { final: { min: 100, max: 1_500 } },
    callbacks: { lost: 0.6 },
    // Longer than until the first look, shorter than until the second.
    hidden: { share: 0.5, forMs: 6_000 },
  },
  // The list never shows most of it, and callbacks come when all has been given up: late successes, and double sends.
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

/** Sections are laid over each other setting by setting. */
export function behaviourOf(place: number): BehaviourPatch {
  const own = OWN[place % OWN.length] as BehaviourPatch;
  const merged: Record<string, unknown> = { ...COMMON };
  for (const [section, settings] of Object.entries(own))
    merged[section] = { ...(COMMON[section as keyof BehaviourPatch] as object), ...(settings as object) };
  return merged as BehaviourPatch;
}

/** What is sent from now on meets no trouble; what was sent before keeps what it met. */
export const CALM: BehaviourPatch = {
  delays: { answer: 0, queued: 5, sent: { min: 20, max: 100 }, final: { min: 50, max: 300 } },
};
