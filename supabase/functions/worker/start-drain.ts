// Starts the drain of sends.
import { connectDirect } from "../_shared/db/direct.ts";
import { drainStarter } from "../_shared/drain/start-drain.ts";
import { drainQueues } from "./drain-queues.ts";

export const startDrain = drainStarter(async (ctx, release) => {
  const connect = (name: string) => connectDirect(ctx.env, name);
  // What was posted is settled beside the next claim and plan, which take most of a second of each 1,000 sends. A build's chunk
  // may take as long as a statement may: nobody's messages wait for it. Each connects at its first query.
  const connections = {
    sql: connect("worker"),
    settling: connect("worker settling"),
    building: connect("worker building"),
  };
  await drainQueues(ctx, connections, release);
});
