// Sends an answer in a conversation, or keeps it until its time.
import { z } from "zod";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import { AppError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { readConversation } from "../conversations/read-conversation.ts";
import { selectMessage } from "../text/select-message.ts";
import { renderQuickResponse } from "./render-quick-response.ts";
import { type answered, type answerInput, scheduledText } from "./schemas.ts";

const asked = z.object({ message_id: z.uuid(), deduplicated: z.boolean() });

export const SCHEDULED_COLUMNS =
  "id, conversation_id, author_id, content, not_before, keep_if_answered, state, reason, created_at, updated_at";

/**
 * Asked for twice, also at the same instant, it is one answer: by its Idempotency-Key for a day, or without one for a minute.
 * @throws AppError not_found; conversation_moved with the texts that the caller missed; conversation_claimed; opted_out and
 *   others that say why nothing may be sent; rate_limited for a cap; invalid_input naming the field
 */
export async function answerConversation(
  ctx: UserContext,
  { params, body }: { params: { id: string }; body: z.output<typeof answerInput> },
): Promise<z.output<typeof answered>> {
  const { quick_response_id, ...rest } = body;
  const fromQuickResponse =
    quick_response_id === undefined
      ? undefined
      : await renderQuickResponse(ctx, await readConversation(ctx, { params }), quick_response_id);
  const labels = [...(rest.add_label_ids ?? []), ...(fromQuickResponse?.label_ids ?? [])];
  const mediaIds = [...(fromQuickResponse?.media_ids ?? []), ...(rest.media_ids ?? [])];
  const leadStatus = rest.lead_status ?? fromQuickResponse?.lead_status;
  const key = ctx.request.headers.get("idempotency-key");
  const { message_id, deduplicated } = parseAnswer(
    await ctx.db.rpc("answer_conversation", {
      p_id: params.id,
      p_input: {
        ...rest,
        content: fromQuickResponse?.content ?? rest.content ?? "",
        ...(labels.length > 0 && { add_label_ids: [...new Set(labels)] }),
        ...(mediaIds.length > 0 && { media_ids: mediaIds }),
        ...(leadStatus !== undefined && { lead_status: leadStatus }),
      },
      ...(key !== null && { p_idempotency_key: key }),
    }),
    asked,
  );
  return { ...(await readAnswer(ctx, message_id)), deduplicated };
}

/** The message, or what waits to become it. Both have the same id. */
async function readAnswer(
  ctx: UserContext,
  id: string,
): Promise<Omit<z.output<typeof answered>, "deduplicated">> {
  const scheduled = parseAnswer(
    await ctx.db
      .from("scheduled_texts")
      .select(SCHEDULED_COLUMNS)
      .eq("org_id", ctx.user.orgId)
      .eq("id", id)
      .maybeSingle(),
    scheduledText.nullable(),
  );
  if (scheduled && scheduled.state !== "sent")
    return {
      id,
      not_before: scheduled.state === "waiting" ? scheduled.not_before : null,
      message: null,
      scheduled,
    };
  return { id, not_before: null, message: await selectMessage(ctx, id), scheduled: null };
}

/** @throws AppError not_found, invalid_state if it is on its way already */
export async function withdrawScheduled(
  ctx: UserContext,
  { params }: { params: { id: string } },
): Promise<z.output<typeof scheduledText>> {
  dataOrThrow(await ctx.db.rpc("withdraw_scheduled", { p_id: params.id }));
  const row = parseAnswer(
    await ctx.db
      .from("scheduled_texts")
      .select(SCHEDULED_COLUMNS)
      .eq("org_id", ctx.user.orgId)
      .eq("id", params.id)
      .maybeSingle(),
    scheduledText.nullable(),
  );
  if (!row) throw new AppError("not_found", "There is no scheduled text with this id.", { id: params.id });
  return row;
}
