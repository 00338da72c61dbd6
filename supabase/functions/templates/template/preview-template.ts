// Shows what a lead would get, by the code that sends.
import { z } from "zod";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import { validationError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { compileTemplate } from "../../_shared/sms/compile-template.ts";
import { canonicaliseValues } from "../../_shared/sms/render-template.ts";
import { findVariable } from "../../_shared/sms/variables.ts";
import { readTemplate } from "./get-template.ts";
import { renderPreview } from "./render-preview.ts";
import type { Preview, previewInput, textPreviewInput } from "./schemas.ts";

const ofLead = z.object({
  values: z.record(z.string(), z.string().nullable()),
  segment_cost: z.number().nullable(),
});

/** @throws AppError not_found for a template or lead the organisation does not have; invalid_input for an unknown variable */
export async function previewTemplate(
  ctx: UserContext,
  { params, body }: { params: { id: string }; body: z.output<typeof previewInput> },
): Promise<Preview> {
  const { content, category, language } = await readTemplate(ctx, params.id);
  return previewText(ctx, { body: { ...body, content, category, language } });
}

/** @throws AppError not_found for a lead the organisation does not have; invalid_input for a text that can't be read */
export async function previewText(
  { db }: UserContext,
  { body }: { body: z.output<typeof textPreviewInput> },
): Promise<Preview> {
  const { content, category, language, lead_id, values = {} } = body;
  const unknown = Object.keys(values).filter((name) => !findVariable(name));
  if (unknown.length > 0)
    throw validationError(
      unknown.map((name) => ({ field: `values.${name}`, message: `{${name}} is not a variable.` })),
    );
  const compiled = compileTemplate(content);
  if (!compiled.ok)
    throw validationError(compiled.problems.map(({ message }) => ({ field: "content", message })));
  const lead = parseAnswer(
    await db.rpc("preview_values", {
      p_category: category,
      p_language: language,
      ...(lead_id && { p_lead_id: lead_id }),
    }),
    ofLead,
  );
  const all = { ...lead.values, ...canonicaliseValues(values) };
  return renderPreview(compiled.template, all, language, lead.segment_cost ?? 0);
}
