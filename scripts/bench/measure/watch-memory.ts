// The most memory that processes have while they work, less what they had before.
import { readProcesses } from "./read-processes.ts";

const SAMPLE_MS = 250;

/**
 * The base is what the processes have now, idle.
 * @param readPids returns the processes that run now: functions' processes start and end
 */
export async function watchMemory(readPids: () => Promise<number[]>): Promise<{ stop(): number }> {
  const read = async () =>
    (await readProcesses(await readPids())).reduce((most, { rssKb }) => Math.max(most, rssKb), 0) / 1024;
  const idle = await read();
  let most = idle;
  const timer = setInterval(async () => {
    // The processes may end while they are read.
    most = Math.max(most, await read().catch(() => 0));
  }, SAMPLE_MS);
  return {
    /** @returns megabytes */
    stop() {
      clearInterval(timer);
      return most - idle;
    },
  };
}
