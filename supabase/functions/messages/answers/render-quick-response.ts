// Fills in a quick response for the person of a conversation.
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import { validationError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import type { LEAD_STATUSES } from "../../_shared/leads/lead-values.ts";
import type { Conversation } from "../conversations/schemas.ts";
import { QUICK_RESPONSE_COLUMNS, quickResponse } from "../quick-responses/schemas.ts";
import { renderForLead } from "./render-for-lead.ts";

/**
 * @returns the text, and what is done together with it
 * @throws AppError invalid_input: there is no such quick response, or its variables have no value for this person
 */
export async function renderQuickResponse(
  ctx: UserContext,
  { lead_id }: Conversation,
  id: string,
): Promise<{
  content: string;
  label_ids: string[];
  media_ids: string[];
  lead_status: (typeof LEAD_STATUSES)[number] | undefined;
}> {
  const found = parseAnswer(
    await ctx.db
      .from("quick_responses")
      .select(QUICK_RESPONSE_COLUMNS)
      .eq("org_id", ctx.user.orgId)
      .eq("id", id)
      .maybeSingle(),
    quickResponse.nullable(),
  );
  if (!found)
    throw validationError([
      { field: "quick_response_id", message: "You have no quick response with this id." },
    ]);
  const content = await renderForLead(ctx, found.content, {
    leadId: lead_id,
    language: found.language ?? "en",
    field: "quick_response_id",
  });
  return {
    content,
    label_ids: found.label_ids,
    media_ids: found.media_id === null ? [] : [found.media_id],
    lead_status: lead_id ? (found.set_status ?? undefined) : undefined,
  };
}
