// The route table of settings.
import { z } from "zod";
import { object } from "../_shared/http/responses.ts";
import { ROLES } from "../_shared/http/roles.ts";
import { route } from "../_shared/http/route.ts";
import { readMe } from "./read-me.ts";

const organization = z.object({
  id: z.uuid(),
  name: z.string(),
  brand: z.string().describe("What messages call the organisation"),
  language: z.string(),
  time_zone: z.string(),
});

export const routes = [
  route({
    method: "GET",
    path: "/me",
    summary: "The signed-in person, their role and their organisation",
    permission: "viewer",
    response: object(z.object({ id: z.uuid(), email: z.string(), role: z.enum(ROLES), organization })),
    run: readMe,
  }),
];
