// The route table of campaigns: what a person looks at before one starts.
import { z } from "zod";
import { object } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import { readPreflight } from "./read-preflight.ts";
import { preflight } from "./schemas.ts";

export const routes = [
  route({
    method: "GET",
    path: "/{id}/preflight",
    summary: "Say what keeps a campaign from starting, what to know before, what it costs and when it ends",
    permission: "viewer",
    request: { params: z.object({ id: z.uuid() }) },
    response: object(preflight),
    run: readPreflight,
  }),
];
