// The route table of background-worker.
import { z } from "zod";
import { accepted } from "../_shared/http/responses.ts";
import { route } from "../_shared/http/route.ts";
import { removeImportFiles } from "./remove-import-files.ts";
import { startDrain } from "./start-drain.ts";

export const routes = [
  route({
    method: "POST",
    path: "/drain",
    summary: "Begins to work off imports, jobs, lookups and enrichments in the background",
    description:
      "Called by the database: at once if a person begins any, and every two seconds while any is due.",
    permission: "worker_secret",
    response: accepted(z.object({ status: z.enum(["draining", "next", "already_draining", "unloading"]) })),
    run: startDrain,
  }),
  route({
    method: "POST",
    path: "/remove-import-files",
    summary: "Removes uploaded files that are a day old without an import, or whose import ended 30 days ago",
    description: "Called by the database's scheduler every hour, if there are any.",
    permission: "worker_secret",
    response: accepted(z.object({ status: z.enum(["removing"]) })),
    run: removeImportFiles,
  }),
];
