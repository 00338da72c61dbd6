// The area's routes of conversations, called as the dashboard calls them.
import { z } from "zod";
import { AppError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import type { ListResult } from "../../_shared/http/responses.ts";
import { hasRank } from "../../_shared/http/roles.ts";
import type { answered, thread } from "../../messages/answers/schemas.ts";
import type { Conversation } from "../../messages/conversations/schemas.ts";
import { routes } from "../../messages/routes.ts";
import { inBothShapes } from "../door/both-shapes.ts";
import { callRoute } from "../door/call-route.ts";
import { queryOf, type RouteName, routeOf } from "../door/mount-area.ts";
import { fillVariables, hasVariables } from "./fill-variables.ts";
import {
  toDashboardConversation,
  toDashboardMessage,
  toDashboardScheduled,
} from "./to-dashboard-conversation.ts";

const area = (name: RouteName) => routeOf(routes, name);
export const listRoute = area("GET /conversations");
export const readRoute = area("GET /conversations/{id}");
const threadRoute = area("GET /conversations/{id}/messages");
export const answerRoute = area("POST /conversations/{id}/messages");
export const markReadRoute = area("POST /conversations/{id}/read");
export const changeRoutes = {
  archive: { route: area("POST /conversations/{id}/archive"), body: undefined },
  unarchive: { route: area("POST /conversations/{id}/reopen"), body: undefined },
  star: { route: area("PUT /conversations/{id}/star"), body: { is_starred: true } },
  unstar: { route: area("PUT /conversations/{id}/star"), body: { is_starred: false } },
  read: { route: markReadRoute, body: undefined },
} as const;

const { shape } = queryOf(listRoute);
export const listQuery = z.strictObject({
  ...shape,
  status: z.array(z.enum(["active", "snoozed", "archived", "deleted", "starred"])).optional(),
  search: shape.q,
  unread_count_gt: z.coerce.number().int().min(0).optional().describe("Unread ones: give 0"),
  limit: z.coerce.number().int().min(1).max(500).default(500),
});

/** Without a status: active ones. Starred ones are shown wherever they are. */
export async function listConversations(
  ctx: UserContext,
  { query }: { query: z.output<typeof listQuery> },
): Promise<unknown> {
  const {
    unread_count_gt,
    search,
    status = [],
    starred,
    ...rest
  } = query as Record<string, unknown> & {
    status?: string[];
  };
  const isStarred = starred === true || status.includes("starred");
  const statuses = status.filter((word) => word !== "starred");
  const found = await callRoute<ListResult<Conversation>>(ctx, listRoute, {
    query: {
      ...rest,
      ...(search !== undefined && search !== "" && { q: search }),
      ...(unread_count_gt !== undefined && { unread: true }),
      ...(isStarred ? { starred: true } : starred === false && { starred: false }),
      ...(statuses.length > 0
        ? { status: statuses }
        : isStarred && { status: ["active", "snoozed", "archived"] }),
    },
  });
  return {
    success: true,
    data: found.data.map(toDashboardConversation),
    pagination: found.pagination,
  };
}

interface ById {
  params: { id: string };
}

/** The dashboard has no call that marks as read: reading does it, if the reader may. */
export async function readConversation(ctx: UserContext, { params }: ById): Promise<unknown> {
  const mayMark = hasRank(ctx.user.role, "operator");
  const conversation = await callRoute<Conversation>(ctx, mayMark ? markReadRoute : readRoute, { params });
  const { messages, scheduled } = await callRoute<z.output<typeof thread>>(ctx, threadRoute, {
    params,
    query: { limit: "200" },
  });
  return inBothShapes({
    ...toDashboardConversation(conversation),
    messages: [
      ...messages.reverse().map((message) => toDashboardMessage(message, conversation.id)),
      ...scheduled.map((text) => toDashboardScheduled(text, conversation)),
    ],
  });
}

/**
 * The dashboard sends each answer twice, and four times with the keyboard, some of them at the same instant: it is one.
 * @throws AppError what the area's route throws; invalid_input naming variables without a value
 */
export async function answerConversation(
  ctx: UserContext,
  { params, body }: ById & { body: { content: string } },
): Promise<unknown> {
  const content = hasVariables(body.content) ? await filled(ctx, params, body.content) : body.content;
  const answer = await callRoute<z.output<typeof answered>>(ctx, answerRoute, { params, body: { content } });
  return inBothShapes({
    ...(answer.message && toDashboardMessage(answer.message, params.id)),
    id: answer.id,
    conversation_id: params.id,
    deduplicated: answer.deduplicated,
    not_before: answer.not_before,
    message: answer.not_before
      ? `It is outside the person's hours: the text is sent from ${answer.not_before} on.`
      : "The text is on its way.",
  });
}

async function filled(ctx: UserContext, params: { id: string }, content: string): Promise<string> {
  const { lead_id } = await callRoute<Conversation>(ctx, readRoute, { params });
  return await fillVariables(ctx, content, lead_id, "content");
}

/** A route's use case: the same change every time. */
export function changing(name: keyof typeof changeRoutes) {
  const { route, body } = changeRoutes[name];
  return async (ctx: UserContext, { params }: ById): Promise<unknown> =>
    inBothShapes(
      toDashboardConversation(await callRoute<Conversation>(ctx, route, { params, ...(body && { body }) })),
    );
}

/** @throws AppError always: what goes to many is held to a campaign's hours, caps, consent and opt-outs */
export async function refuseBroadcast(): Promise<never> {
  throw new AppError(
    "invalid_state",
    "Texts to many people go through a campaign: create one with this text, choose its leads, and start it.",
    { instead: "POST /campaigns" },
  );
}
