// Fills in a quick response for the person of a conversation.
import { z } from "zod";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import { AppError, validationError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import type { LEAD_STATUSES } from "../../_shared/leads/lead-values.ts";
import { compileTemplate } from "../../_shared/sms/compile-template.ts";
import { renderTemplate } from "../../_shared/sms/render-template.ts";
import { type Language, variableNamed } from "../../_shared/sms/variables.ts";
import type { Conversation } from "../conversations/schemas.ts";
import { QUICK_RESPONSE_COLUMNS, quickResponse } from "../quick-responses/schemas.ts";

const ofLead = z.object({ values: z.record(z.string(), z.string().nullable()) });

/**
 * @returns the text, and what is done together with it
 * @throws AppError not_found; invalid_input naming the variables that have no value for this person
 */
export async function renderQuickResponse(
  { db, user }: UserContext,
  { lead_id }: Conversation,
  id: string,
): Promise<{
  content: string;
  label_ids: string[];
  lead_status: (typeof LEAD_STATUSES)[number] | undefined;
}> {
  const found = parseAnswer(
    await db
      .from("quick_responses")
      .select(QUICK_RESPONSE_COLUMNS)
      .eq("org_id", user.orgId)
      .eq("id", id)
      .maybeSingle(),
    quickResponse.nullable(),
  );
  if (!found) throw new AppError("not_found", "There is no quick response with this id.", { id });
  const compiled = compileTemplate(found.content);
  if (!compiled.ok)
    throw validationError(compiled.problems.map(({ message }) => ({ field: "quick_response_id", message })));
  const language: Language = found.language ?? "en";
  const { values } = parseAnswer(
    await db.rpc("preview_values", {
      p_category: "custom",
      p_language: language,
      ...(lead_id && { p_lead_id: lead_id }),
    }),
    ofLead,
  );
  const rendered = renderTemplate(compiled.template, values, { language });
  if (!rendered.ok)
    throw validationError(
      rendered.missing.map((name) => ({
        field: "quick_response_id",
        message: `This person has no value for {${variableNamed(name).name}}: write the text yourself.`,
      })),
    );
  return {
    content: rendered.text,
    label_ids: found.label_ids,
    lead_status: lead_id ? (found.set_status ?? undefined) : undefined,
  };
}
