// Seeded chance: every draw is a pure function of (base, purpose), so concurrency cannot change an outcome.

/** What a draw decides. Each purpose has its own stream, so adding one never shifts the others. */
export const Purpose = {
  answer: 1,
  rejection: 2,
  outcome: 3,
  hidden: 4,
  answerDelay: 5,
  queuedDelay: 6,
  sentDelay: 7,
  finalDelay: 8,
  priceDelay: 9,
  reordered: 10,
  beforeAnswer: 11,
  lineType: 12,
  reply: 13,
  replyDelay: 14,
  language: 15,
  wording: 16,
  inboundDuplicated: 17,
  carrier: 18,
  lookup: 19,
  lookupInvalid: 20,
  lost: 32, // + rank of the status, 0..7
  duplicated: 40, // + rank of the status, 0..7
} as const;

/** FNV-1a over UTF-16 units, then an avalanche. Takes any text and a 32-bit seed, returns an unsigned 32-bit number. */
export function hashText(text: string, seed: number): number {
  let hash = (seed ^ 0x811c9dc5) >>> 0;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** One step of mulberry32. Returns a number in [0, 1) that depends on nothing but its two arguments. */
export function drawUnit(base: number, purpose: number): number {
  let t = (base + Math.imul(purpose + 1, 0x6d2b79f5)) | 0;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}

/**
 * Picks by share: returns the index of the share that `unit` falls into, or -1 when it falls into the rest.
 * Shares are fractions of 1 and need not add up to 1.
 */
export function pickByShare(unit: number, shares: readonly number[]): number {
  let edge = 0;
  for (let i = 0; i < shares.length; i++) {
    edge += shares[i] as number;
    if (unit < edge) return i;
  }
  return -1;
}
