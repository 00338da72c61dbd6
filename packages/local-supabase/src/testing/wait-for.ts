// Waits for a condition instead of a time.
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Polls until `probe` returns something truthy, and returns it. Throws after `seconds`; the default is 60, since a busy machine
 * takes many times as long as an idle one, and a late result is still right.
 */
export async function waitFor<T>(
  probe: () => Promise<T | undefined | null | false> | T | undefined | null | false,
  { seconds = 60, every = 40 }: { seconds?: number; every?: number } = {},
): Promise<T> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (performance.now() > end) throw new Error(`not true within ${seconds} s: ${probe}`);
    await sleep(every);
  }
}
