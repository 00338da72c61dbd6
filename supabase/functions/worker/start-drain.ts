// Starts the drain of sends.
import { connectDirect } from "../_shared/db/direct.ts";
import { drainStarter } from "../_shared/drain/start-drain.ts";
import { drainQueues } from "./drain-queues.ts";

export const startDrain = drainStarter(async (ctx, release) => {
  const connect = (name: string) => connectDirect(ctx.env, name);
  // Results are settled while the next claim and plan run, which take most of a second for each 1,000 sends. A build's chunk may
  // take as long as a statement may, and no messages wait for it. Each of the three connects at its first query.
  const connections = {
    sql: connect("worker"),
    settling: connect("worker settling"),
    building: connect("worker building"),
  };
  await drainQueues(ctx, connections, release);
});
