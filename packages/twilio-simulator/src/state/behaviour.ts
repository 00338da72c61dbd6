// How a simulated account behaves and misbehaves: the shape, its defaults, and merging of partial settings.
import { z } from "zod";
import { drawUnit } from "./draw-random.ts";

const share = z.number().min(0).max(1);
const milliseconds = z.number().min(0);
const delay = z.union([
  milliseconds,
  z.strictObject({ min: milliseconds, max: milliseconds }),
  z.strictObject({ median: milliseconds, p95: milliseconds }),
]);
const codeShare = z.strictObject({
  code: z.int(),
  share,
  status: z.enum(["undelivered", "failed"]).optional(),
});

/** All parts of a behaviour, every one required; `behaviourPatch` is the same with every one optional. */
const parts = {
  /** All delays are multiplied by this: 1 is a carrier's pace, 0.01 a demo's, 0 at once. */
  timeFactor: z.number().min(0),
  delivery: z.strictObject({
    /** Statuses move only when the control endpoint says so. */
    manual: z.boolean(),
    /** Messages that end failed or undelivered, by code. The rest is delivered. */
    failures: z.array(codeShare),
    /** Messages that stay `sent` for ever, as with carriers that give no receipt. */
    unconfirmed: share,
  }),
  delays: z.strictObject({ answer: delay, queued: delay, sent: delay, final: delay, price: delay }),
  callbacks: z.strictObject({ lost: share, duplicated: share, reordered: share, beforeAnswer: share }),
  answers: z.strictObject({
    timeoutAfterAccept: share,
    resetBeforeAccept: share,
    resetAfterAccept: share,
    errorBeforeAccept: share,
    errorAfterAccept: share,
    errorStatus: z.int().min(500).max(599),
    /** Real milliseconds after which a held socket is closed without an answer. */
    holdMs: milliseconds,
    /** Barrier for tests: the request waits here until `release`. */
    hold: z.enum(["none", "before_accept", "after_accept"]),
  }),
  /** Requests refused with a Twilio error code although they are valid. */
  rejections: z.array(codeShare.omit({ status: true })),
  /** Accepted messages that the message list does not show, for real milliseconds or (null) for good. */
  hidden: z.strictObject({ share, forMs: milliseconds.nullable() }),
  limits: z.strictObject({
    /** Requests in flight beyond this get 20429. */
    concurrency: z.int().min(1).nullable(),
    /** A number's queue in seconds of its own rate; beyond it 21611 (30001 later, with a Messaging Service). */
    queueSeconds: z.number().min(0),
    /** Accepted messages per 24 h beyond this get 63038. */
    dailyMessages: z.int().min(0).nullable(),
  }),
  inbound: z.strictObject({ duplicated: share }),
  /** Shares of phones that are not mobile, as Lookup reports them; a landline never receives (30006). */
  lines: z.strictObject({ landline: share, fixedVoip: share, nonFixedVoip: share }),
  /** Faulty lookups: 20429, a server error, no answer until answers.holdMs, no such number. `invalid` is drawn once a phone. */
  lookups: z.strictObject({ throttled: share, failed: share, held: share, invalid: share }),
  people: z.strictObject({
    interested: share,
    notInterested: share,
    stop: share,
    alto: share,
    stopThanks: share,
    help: share,
    ayuda: share,
    wrongNumber: share,
    /** Share of people who write Spanish. */
    spanish: share,
    delay: delay,
    /** Answers every message instead of the first only. */
    repeat: z.boolean(),
  }),
};

const behaviour = z.strictObject(parts);
export type Behaviour = z.infer<typeof behaviour>;
export type Delay = z.infer<typeof delay>;

/** A partial behaviour. Unknown or malformed settings are refused by name. */
export const behaviourPatch = z.strictObject({
  timeFactor: parts.timeFactor.optional(),
  delivery: parts.delivery.partial().optional(),
  delays: parts.delays.partial().optional(),
  callbacks: parts.callbacks.partial().optional(),
  answers: parts.answers.partial().optional(),
  rejections: parts.rejections.optional(),
  hidden: parts.hidden.partial().optional(),
  limits: parts.limits.partial().optional(),
  inbound: parts.inbound.partial().optional(),
  lines: parts.lines.partial().optional(),
  lookups: parts.lookups.partial().optional(),
  people: parts.people.partial().optional(),
});
export type BehaviourPatch = z.infer<typeof behaviourPatch>;

/** A Twilio without faults at a carrier's pace, where no person answers. 36,000 segments at 1 a second are 10 h. */
export const defaultBehaviour: Behaviour = {
  timeFactor: 1,
  delivery: { manual: false, failures: [], unconfirmed: 0 },
  delays: {
    answer: 0,
    queued: { min: 10, max: 50 },
    sent: { median: 300, p95: 1_000 },
    final: { median: 2_000, p95: 8_000 },
    price: { min: 5_000, max: 60_000 },
  },
  callbacks: { lost: 0, duplicated: 0, reordered: 0, beforeAnswer: 0 },
  answers: {
    timeoutAfterAccept: 0,
    resetBeforeAccept: 0,
    resetAfterAccept: 0,
    errorBeforeAccept: 0,
    errorAfterAccept: 0,
    errorStatus: 500,
    holdMs: 60_000,
    hold: "none",
  },
  rejections: [],
  hidden: { share: 0, forMs: null },
  limits: { concurrency: null, queueSeconds: 36_000, dailyMessages: null },
  inbound: { duplicated: 0 },
  lines: { landline: 0, fixedVoip: 0, nonFixedVoip: 0 },
  lookups: { throttled: 0, failed: 0, held: 0, invalid: 0 },
  people: {
    interested: 0,
    notInterested: 0,
    stop: 0,
    alto: 0,
    stopThanks: 0,
    help: 0,
    ayuda: 0,
    wrongNumber: 0,
    spanish: 0.7,
    delay: { median: 20_000, p95: 90_000 },
    repeat: false,
  },
};

/** Applies a patch to a behaviour: sections are merged setting by setting, lists and delays are replaced whole. */
export function mergeBehaviour(base: Behaviour, patch: BehaviourPatch): Behaviour {
  const merged: Record<string, unknown> = { ...base };
  for (const [section, value] of Object.entries(patch)) {
    if (value === undefined) continue;
    const isSection = typeof value === "object" && !Array.isArray(value);
    merged[section] = isSection ? { ...(merged[section] as object), ...value } : value;
  }
  return merged as Behaviour;
}

const Z95 = 1.6449; // standard normal at 95 %

/** Turns a delay into real milliseconds (whole), scaled by the time factor. `unit` is a draw in [0, 1). */
export function drawDelay(setting: Delay, timeFactor: number, base: number, purpose: number): number {
  if (typeof setting === "number") return Math.round(setting * timeFactor);
  const unit = drawUnit(base, purpose);
  if ("min" in setting) return Math.round((setting.min + unit * (setting.max - setting.min)) * timeFactor);
  if (setting.median === 0) return 0;
  // log-normal by Box-Muller: carriers are mostly quick, with a long tail
  const sigma = Math.log(Math.max(setting.p95 / setting.median, 1)) / Z95;
  const normal =
    Math.sqrt(-2 * Math.log(1 - unit)) * Math.cos(2 * Math.PI * drawUnit(base ^ 0x5bd1e995, purpose));
  return Math.round(setting.median * Math.exp(sigma * normal) * timeFactor);
}
