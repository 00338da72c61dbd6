// The route table of compliance.
import { object } from "../_shared/http/responses.ts";
import { route } from "../_shared/http/route.ts";
import { checkQuietHours } from "./check-quiet-hours.ts";
import { quietHoursCheck, quietHoursQuestion } from "./schemas.ts";

export const routes = [
  route({
    method: "GET",
    path: "/quiet-hours/check",
    summary: "Whether a person may be written to at a moment, when next, and by which rules",
    description:
      "Asks what planning and claiming ask. A campaign's message is meant; answers to a person's own message within 24 hours are exempt, which `reply` says.",
    permission: "viewer",
    request: { query: quietHoursQuestion },
    response: object(quietHoursCheck),
    run: checkQuietHours,
  }),
];
