// The route table of campaigns: how their texts take turns.
import { z } from "zod";
import { object } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import { readRotation } from "./read-rotation.ts";
import { rotation } from "./schemas.ts";

export const routes = [
  route({
    method: "GET",
    path: "/{id}/rotation",
    summary: "Read how often each text is used, and what rotation by what works has learned",
    permission: "viewer",
    request: { params: z.object({ id: z.uuid() }) },
    response: object(rotation),
    run: readRotation,
  }),
];
