// What has been started, to be stopped in reverse order.

export type StopList = {
  /** Adds what stops the part that was started last. */
  add(stop: () => Promise<unknown>): void;
  /** Stops every part, each whether or not others fail. */
  stopAll(): Promise<void>;
};

/** @param log receives what goes wrong while stopping */
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
