// Starts the drain of everything but sends.
import { connectDirect } from "../_shared/db/direct.ts";
import { drainStarter } from "../_shared/drain/start-drain.ts";
import { drainBackgroundWork } from "./drain-background-work.ts";

export const startDrain = drainStarter((ctx, release, onCall) =>
  drainBackgroundWork(
    ctx,
    {
      sql: connectDirect(ctx.env, "background worker"),
      jobs: connectDirect(ctx.env, "background worker jobs"),
    },
    { release, onCall },
  ),
);
