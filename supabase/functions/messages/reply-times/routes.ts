// The route of reply times.
import { z } from "zod";
import { object } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import { readReplyTimes } from "./read-reply-times.ts";
import { replyTimes, replyTimesQuery } from "./schemas.ts";

export const routes = [
  route({
    method: "GET",
    path: "/reply-times",
    summary: "Read how long people waited for an answer: median, 90th percentile, share within five minutes",
    description:
      "Counted from settled texts of people: texts of machines, failed ones and unknown ones answer nobody.",
    permission: "viewer",
    request: { query: replyTimesQuery },
    response: object(z.array(replyTimes)),
    run: readReplyTimes,
  }),
];
