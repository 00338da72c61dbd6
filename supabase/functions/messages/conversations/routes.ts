// The routes of conversations: lists, one conversation, and what people do with it.
import { z } from "zod";
import { pageFields } from "../../_shared/http/pagination.ts";
import { empty, list, object } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import {
  changeMany,
  changing,
  changingTo,
  claimConversation,
  classifyConversation,
  deleteConversation,
  releaseConversation,
} from "./change-conversations.ts";
import { countConversations, listConversations } from "./list-conversations.ts";
import { readConversation, readEvents } from "./read-conversation.ts";
import {
  bulkChange,
  bulkChanged,
  conversation,
  conversationChange,
  conversationCounts,
  conversationEvent,
  conversationQuery,
} from "./schemas.ts";

const params = z.object({ id: z.uuid() });
const { shape } = conversationChange;

/** A route that changes one conversation and answers with it. */
const action = (path: string, summary: string, change: z.output<typeof conversationChange>) =>
  route({
    method: "POST",
    path: `/conversations/{id}/${path}`,
    summary,
    permission: "operator",
    request: { params },
    response: object(conversation),
    run: changing(change),
  });

export const routes = [
  route({
    method: "GET",
    path: "/conversations",
    summary: "List conversations with filters, the newest message first",
    permission: "viewer",
    request: { query: conversationQuery },
    response: list(conversation),
    run: listConversations,
  }),
  route({
    method: "GET",
    path: "/conversations/counts",
    summary: "How many conversations are in each list",
    permission: "viewer",
    response: object(conversationCounts),
    run: countConversations,
  }),
  route({
    method: "POST",
    path: "/conversations/bulk",
    summary: "Change many conversations at once: read, star, archive, snooze, assign, label, dismiss",
    description:
      "By ids, or all that a filter finds. Up to 500 are changed at once, more by a job, whose progress job:<id> broadcasts. " +
      "More than 50 broadcast one event conversations_changed, and no rows.",
    permission: "operator",
    request: { body: bulkChange },
    response: object(bulkChanged),
    run: changeMany,
  }),
  route({
    method: "GET",
    path: "/conversations/{id}",
    summary: "Read a conversation; this marks nothing as read",
    permission: "viewer",
    request: { params },
    response: object(conversation),
    run: readConversation,
  }),
  route({
    method: "DELETE",
    path: "/conversations/{id}",
    summary: "Hide a conversation until the person writes again; its texts stay, as evidence",
    permission: "operator",
    request: { params },
    response: empty(),
    run: deleteConversation,
  }),
  route({
    method: "GET",
    path: "/conversations/{id}/events",
    summary: "Read what was done with a conversation, and by whom, newest first",
    permission: "viewer",
    request: {
      params,
      query: z.strictObject({
        limit: z.coerce.number().int().min(1).max(200).default(50),
        cursor: pageFields.cursor,
      }),
    },
    response: object(
      z.object({
        events: z.array(conversationEvent),
        next_cursor: z.string().nullable().describe("The cursor of the next page; null at the end"),
      }),
    ),
    run: readEvents,
  }),
  action("read", "Mark a conversation as read", { is_read: true }),
  action("unread", "Mark a conversation as unread", { is_read: false }),
  action("archive", "Archive a conversation; it comes back when the person writes", { status: "archived" }),
  action("reopen", "Take a conversation back from the archive, or end its snooze", { status: "active" }),
  action("dismiss", "Say that the person needs no answer; they wait no longer", { dismiss: true }),
  route({
    method: "POST",
    path: "/conversations/{id}/snooze",
    summary: "Put a conversation away until a time; it comes back earlier if the person writes",
    permission: "operator",
    request: { params, body: z.strictObject({ until: z.iso.datetime({ offset: true }) }) },
    response: object(conversation),
    run: changingTo(
      (body: { until: string }) => ({ snoozed_until: body.until }),
      new Map([["snoozed_until", "until"]]),
    ),
  }),
  route({
    method: "POST",
    path: "/conversations/{id}/claim",
    summary: "Say that you are writing an answer, for 120 seconds; others are refused meanwhile",
    permission: "operator",
    request: { params },
    response: object(conversation),
    run: claimConversation,
  }),
  route({
    method: "DELETE",
    path: "/conversations/{id}/claim",
    summary: "Say that you are no longer writing an answer",
    permission: "operator",
    request: { params },
    response: object(conversation),
    run: releaseConversation,
  }),
  route({
    method: "PUT",
    path: "/conversations/{id}/star",
    summary: "Star a conversation, or take the star away",
    permission: "operator",
    request: { params, body: z.strictObject({ is_starred: z.boolean() }) },
    response: object(conversation),
    run: changingTo((body: { is_starred: boolean }) => body),
  }),
  route({
    method: "PUT",
    path: "/conversations/{id}/assignee",
    summary: "Give a conversation to a person, or to nobody",
    permission: "operator",
    request: { params, body: z.strictObject({ assignee_id: z.uuid().nullable() }) },
    response: object(conversation),
    run: changingTo((body: { assignee_id: string | null }) => body),
  }),
  route({
    method: "PUT",
    path: "/conversations/{id}/labels",
    summary: "Set the labels of a conversation; labels may bring tags to its lead",
    permission: "operator",
    request: { params, body: z.strictObject({ label_ids: shape.label_ids.unwrap() }) },
    response: object(conversation),
    run: changingTo((body: { label_ids: string[] }) => body),
  }),
  route({
    method: "PUT",
    path: "/conversations/{id}/class",
    summary: "Say what the person's last text means; this moves the lead too",
    permission: "operator",
    request: {
      params,
      body: z.strictObject({
        class: z
          .enum(["interested", "question", "not_interested", "wrong_number", "deceased", "stop", "other"])
          .describe("stop opts the person out; wrong_number and deceased end what waits for the phone"),
      }),
    },
    response: object(conversation),
    run: classifyConversation,
  }),
];
