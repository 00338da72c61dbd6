// A page of conversations, the newest message first, and how many there are in each list.
import { z } from "zod";
import { longList, parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { decodeKeyset, encodeKeyset } from "../../_shared/http/keyset.ts";
import { pageOf, pagination } from "../../_shared/http/pagination.ts";
import type { ListResult } from "../../_shared/http/responses.ts";
import {
  type Conversation,
  conversation,
  conversationCounts,
  type conversationFilter,
  type conversationQuery,
} from "./schemas.ts";

const found = z.object({
  conversations: longList(conversation),
  total: z.number(),
  total_is_estimate: z.boolean(),
  next: z.object({ at: z.string(), id: z.string() }).nullable(),
});

/** @throws AppError invalid_input for a wrong filter or cursor */
export async function listConversations(
  { db }: UserContext,
  { query }: { query: z.output<typeof conversationQuery> },
): Promise<ListResult<Conversation>> {
  const page = pageOf(query);
  const before = page.cursor === undefined ? undefined : decodeKeyset(page.cursor);
  const answer = parseAnswer(
    await db.rpc("list_conversations", {
      p_filter: filterOf(query),
      p_limit: page.limit,
      p_offset: before ? 0 : page.offset,
      p_before: before?.createdAt,
      p_before_id: before?.id,
    }),
    found,
  );
  const { next } = answer;
  return {
    data: answer.conversations,
    pagination: pagination(page, answer.total, {
      isEstimate: answer.total_is_estimate,
      nextCursor: next && encodeKeyset({ createdAt: next.at, id: next.id }),
    }),
  };
}

/** Without the fields that were left out: the database knows only those that are given. */
function filterOf(query: z.output<typeof conversationQuery>): z.output<typeof conversationFilter> {
  const { status, assignee, label, class: classes, q, ...rest } = query;
  const { unread, waiting, hot, starred, campaign_id, phone_number_id, lead_id } = rest;
  const filter = {
    statuses: status,
    assignee,
    label_ids: label,
    classes,
    unread,
    waiting,
    hot,
    starred,
    campaign_id,
    phone_number_id,
    lead_id,
    search: q,
  };
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
}

export async function countConversations({ db }: UserContext): Promise<z.output<typeof conversationCounts>> {
  return parseAnswer(await db.rpc("count_conversations"), conversationCounts);
}
