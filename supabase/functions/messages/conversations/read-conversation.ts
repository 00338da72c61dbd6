// One conversation: itself, its texts, and what was done with it.
import { z } from "zod";
import { longList, parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { decodeKeyset, encodeKeyset, type Keyset } from "../../_shared/http/keyset.ts";
import { scheduledText, type thread } from "../answers/schemas.ts";
import { message } from "../text/schemas.ts";
import { type Conversation, conversation, conversationEvent } from "./schemas.ts";

interface ById {
  params: { id: string };
}
interface PageQuery {
  query: { limit: number; cursor?: string };
}

/** @throws AppError not_found */
export async function readConversation({ db }: UserContext, { params }: ById): Promise<Conversation> {
  return parseAnswer(await db.rpc("read_conversation", { p_id: params.id }), conversation);
}

const foundThread = z.object({
  messages: longList(message),
  scheduled: z.array(scheduledText),
  version: z.number().int(),
  next: z.object({ at: z.string(), id: z.string() }).nullable(),
});

/** @throws AppError not_found, invalid_input for a cursor that this list did not give */
export async function readThread(
  { db }: UserContext,
  { params, query }: ById & PageQuery,
): Promise<z.output<typeof thread>> {
  const before: Partial<Keyset> = query.cursor === undefined ? {} : decodeKeyset(query.cursor);
  const { messages, scheduled, version, next } = parseAnswer(
    await db.rpc("read_thread", {
      p_id: params.id,
      p_limit: query.limit,
      p_before: before.createdAt,
      p_before_id: before.id,
    }),
    foundThread,
  );
  return {
    messages,
    scheduled,
    version,
    next_cursor: next && encodeKeyset({ createdAt: next.at, id: next.id }),
  };
}

type Event = z.output<typeof conversationEvent>;

/** @throws AppError not_found */
export async function readEvents(
  ctx: UserContext,
  { params, query }: ById & PageQuery,
): Promise<{ events: Event[]; next_cursor: string | null }> {
  await readConversation(ctx, { params });
  let rows = ctx.db
    .from("conversation_events")
    .select("id, conversation_id, event, actor_id, details, created_at")
    .eq("org_id", ctx.user.orgId)
    .eq("conversation_id", params.id)
    .order("created_at", { ascending: false })
    .order("id", { ascending: false })
    .limit(query.limit + 1);
  if (query.cursor !== undefined) {
    const { createdAt, id } = decodeKeyset(query.cursor);
    rows = rows.or(`created_at.lt."${createdAt}",and(created_at.eq."${createdAt}",id.lt.${id})`);
  }
  const found = parseAnswer(await rows, z.array(conversationEvent));
  const events = found.slice(0, query.limit);
  const last = events.at(-1);
  return {
    events,
    next_cursor:
      found.length > query.limit && last ? encodeKeyset({ createdAt: last.created_at, id: last.id }) : null,
  };
}
