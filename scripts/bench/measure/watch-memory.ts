// The most memory that processes have while they work, over what they had before.
import { readProcesses } from "./read-processes.ts";

const SAMPLE_MS = 250;

/** Begins with what the processes have now, idle. */
export async function watchMemory(pids: number[]): Promise<{ stop(): number }> {
  const read = async () =>
    (await readProcesses(pids)).reduce((most, { rssKb }) => Math.max(most, rssKb), 0) / 1024;
  const idle = await read();
  let most = idle;
  const timer = setInterval(async () => {
    most = Math.max(most, await read());
  }, SAMPLE_MS);
  return {
    /** @returns megabytes */
    stop() {
      clearInterval(timer);
      return most - idle;
    },
  };
}
