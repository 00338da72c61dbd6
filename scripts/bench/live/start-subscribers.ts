// Starts the processes that listen, and collects what they received.
import { fork } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { SubscriberOrder, SubscriberWord } from "./subscribers.ts";

export interface Subscribers {
  /** Forgets what was received so far. */
  forget(): void;
  /** Milliseconds from change to arrival of all broadcasts that all subscribers received. */
  tell(): Promise<number[]>;
  stop(): void;
}

const MAIN = fileURLToPath(new URL("./subscribers.ts", import.meta.url));

/** Resolves when all subscribers have joined all their channels. */
export async function startSubscribers(orders: SubscriberOrder[]): Promise<Subscribers> {
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  const children = orders.map((order) =>
    fork(MAIN, [JSON.stringify(order)], { execArgv: ["--import", tsx] }),
  );
  const answers = <T>(pick: (word: SubscriberWord) => T | undefined): Promise<T[]> =>
    Promise.all(
      children.map(
        (child) =>
          new Promise<T>((resolve, reject) => {
            child.on("message", (word: SubscriberWord) => {
              const found = pick(word);
              if (found !== undefined) resolve(found);
            });
            child.once("exit", (code) => reject(new Error(`A process of subscribers ended with ${code}.`)));
          }),
      ),
    );
  const stop = () => {
    for (const child of children) child.kill();
  };
  try {
    await answers((word) => ("joined" in word ? true : undefined));
  } catch (error) {
    stop();
    throw error;
  }
  return {
    forget() {
      for (const child of children) child.send("forget");
    },
    async tell() {
      const all = answers((word) => ("heard" in word ? word.heard : undefined));
      for (const child of children) child.send("tell");
      return (await all).flat();
    },
    stop,
  };
}
