// The routes of messages whose shapes are the dashboard's; the others are the area's own.
import { z } from "zod";
import { empty, list } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import { routes as area } from "../../messages/routes.ts";
import { bothShapes } from "../door/both-shapes.ts";
import { mountArea } from "../door/mount-area.ts";
import {
  answerText,
  dashboardAnswer,
  dashboardConversation,
  dashboardSentText,
  dashboardText,
  dashboardThread,
} from "./schemas.ts";
import { sendRoute, sendText } from "./send-text.ts";
import {
  answerConversation,
  answerRoute,
  changeRoutes,
  changing,
  listConversations,
  listQuery,
  listRoute,
  readConversation,
  readRoute,
  refuseBroadcast,
} from "./use-conversations.ts";

const params = z.object({ id: z.uuid() });
const SUMMARIES: Record<keyof typeof changeRoutes, string> = {
  archive: "Archive a conversation",
  unarchive: "Take a conversation back from the archive",
  star: "Star a conversation",
  unstar: "Take the star from a conversation",
  read: "Mark a conversation as read",
};

export const routes = mountArea("messages", area, [
  route({
    method: "POST",
    path: "/messages/send",
    summary: "Send one text to one lead; the same text to the same person within a minute is one message",
    permission: sendRoute.permission,
    request: { body: dashboardText },
    response: bothShapes(dashboardSentText, 202),
    run: sendText as never,
  }),
  route({
    method: "POST",
    path: "/messages/broadcast",
    summary: "Refused: texts to many people go through a campaign",
    permission: sendRoute.permission,
    request: { body: z.looseObject({}) },
    response: empty(),
    run: refuseBroadcast,
  }),
  route({
    method: "GET",
    path: "/messages/conversations",
    summary: "List conversations, the newest message first",
    permission: listRoute.permission,
    request: { query: listQuery },
    response: list(dashboardConversation),
    run: listConversations as never,
  }),
  route({
    method: "GET",
    path: "/messages/conversations/{id}",
    summary: "Read a conversation with its texts; for those who may answer, this marks it as read",
    permission: readRoute.permission,
    request: { params },
    response: bothShapes(dashboardThread),
    run: readConversation as never,
  }),
  route({
    method: "POST",
    path: "/messages/conversations/{id}/messages",
    summary: "Answer a person; the same words in the same conversation within a minute are one answer",
    permission: answerRoute.permission,
    request: { params, body: answerText },
    response: bothShapes(dashboardAnswer, 202),
    run: answerConversation as never,
  }),
  ...(Object.keys(SUMMARIES) as (keyof typeof changeRoutes)[]).map((name) =>
    route({
      method: "PUT",
      path: `/messages/conversations/{id}/${name}`,
      summary: SUMMARIES[name],
      permission: changeRoutes[name].route.permission,
      request: { params },
      response: bothShapes(dashboardConversation),
      run: changing(name) as never,
    }),
  ),
]);
