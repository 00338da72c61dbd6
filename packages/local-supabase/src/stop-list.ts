// A list of started parts, to be stopped in reverse order.

export type StopList = {
  /** Adds the function that stops the part just started. */
  add(stop: () => Promise<unknown>): void;
  /** Stops every part, even if others fail. */
  stopAll(): Promise<void>;
};

/** @param log receives errors while stopping */
export function createStopList(log: (line: string) => void): StopList {
  const stops: (() => Promise<unknown>)[] = [];
  return {
    add: (stop) => void stops.push(stop),
    async stopAll() {
      for (const stop of stops.splice(0).reverse())
        await stop().catch((error: Error) => log(`while stopping: ${error.message}`));
    },
  };
}
