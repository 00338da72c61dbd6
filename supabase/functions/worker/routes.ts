// The route table of worker.
import { z } from "zod";
import { accepted } from "../_shared/http/responses.ts";
import { route } from "../_shared/http/route.ts";
import { startDrain } from "./start-drain.ts";

export const routes = [
  route({
    method: "POST",
    path: "/drain",
    summary: "Begins to send and build in the background",
    description:
      "Called by the database: at once if a person starts a campaign, and every two seconds while anything is due.",
    permission: "worker_secret",
    response: accepted(z.object({ status: z.enum(["draining", "next", "already_draining", "unloading"]) })),
    run: startDrain,
  }),
];
