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
      "Applies the same rules as planning and claiming. The answer is about a campaign's message. A reply to a person's own message of the last 24 hours is exempt; `reply` shows whether there is one.",
    permission: "viewer",
    request: { query: quietHoursQuestion },
    response: object(quietHoursCheck),
    run: checkQuietHours,
  }),
];
