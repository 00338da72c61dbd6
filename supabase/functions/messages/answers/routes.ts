// The routes of a conversation's texts: reading them, answering, and answers that wait.
import { z } from "zod";
import { pageFields } from "../../_shared/http/pagination.ts";
import { accepted, object } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import { readThread } from "../conversations/read-conversation.ts";
import { answerConversation, withdrawScheduled } from "./answer-conversation.ts";
import { answered, answerInput, scheduledText, thread } from "./schemas.ts";

const params = z.object({ id: z.uuid() });

export const routes = [
  route({
    method: "GET",
    path: "/conversations/{id}/messages",
    summary: "Read the texts of a conversation, newest first, with those of campaigns and answers that wait",
    permission: "viewer",
    request: {
      params,
      query: z.strictObject({
        limit: z.coerce.number().int().min(1).max(200).default(50),
        cursor: pageFields.cursor,
      }),
    },
    response: object(thread),
    run: readThread,
  }),
  route({
    method: "POST",
    path: "/conversations/{id}/messages",
    summary: "Answer a person, once, and only if nobody else wrote meanwhile",
    description:
      "With an Idempotency-Key, the same request within 24 hours is answered with the same answer. Without one, so are the same " +
      "words in the same conversation within 60 seconds. Who wrote to you within 24 hours may be answered at any hour; later " +
      "answers wait for the person's hours.",
    permission: "operator",
    request: { params, body: answerInput },
    response: accepted(answered),
    run: answerConversation,
  }),
  route({
    method: "DELETE",
    path: "/scheduled/{id}",
    summary: "Cancel an answer that waits for its time",
    permission: "operator",
    request: { params },
    response: object(scheduledText),
    run: withdrawScheduled,
  }),
];
