// Seeded random numbers for tests, so that a failure can be repeated: SEED=… npx vitest run …
import { createRandom } from "../../../scripts/demo/random.ts";

/** The run's seed: SEED from the environment, else a fixed one. Put it into messages of random tests. */
export const seed = Number(process.env.SEED ?? 20260101);

/** A generator of numbers in [0, 1), with the choices that tests make from them. */
export function makeRandom(start: number = seed) {
  const { next, pick } = createRandom(start);
  const int = (min: number, max: number) => min + Math.floor(next() * (max - min + 1));
  return { next, int, pick };
}
