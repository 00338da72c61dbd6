// Seeded random numbers for tests, so that a failure can be repeated: SEED=… npx vitest run …

/** The run's seed: SEED from the environment, else a fixed one. Put it into messages of random tests. */
export const seed = Number(process.env.SEED ?? 20260101);

/** A generator of numbers in [0, 1) (mulberry32), with the choices tests make of them. */
export function makeRandom(start: number = seed) {
  let state = start >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const int = (min: number, max: number) => min + Math.floor(next() * (max - min + 1));
  const pick = <T>(choices: readonly T[]): T => choices[int(0, choices.length - 1)] as T;
  return { next, int, pick };
}
