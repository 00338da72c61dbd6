// The route of a lead's history.
import { z } from "zod";
import { object } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import { readHistory } from "./read-history.ts";
import { historyEntry, historyQuery } from "./schemas.ts";

export const routes = [
  route({
    method: "GET",
    path: "/{id}/history",
    summary: "Read what happened to a lead, newest first: status, score, messages, consent, merges",
    permission: "viewer",
    request: { params: z.object({ id: z.uuid() }), query: historyQuery },
    response: object(
      z.object({
        entries: z.array(historyEntry),
        next_cursor: z.string().nullable().describe("The cursor of the next page; null at the end"),
      }),
    ),
    run: readHistory,
  }),
];
