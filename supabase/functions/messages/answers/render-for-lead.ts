// Fills in a text's variables for the person whom it goes to.
import { z } from "zod";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import { validationError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { compileTemplate } from "../../_shared/sms/compile-template.ts";
import { renderTemplate } from "../../_shared/sms/render-template.ts";
import { type Language, variableNamed } from "../../_shared/sms/variables.ts";

const ofLead = z.object({ values: z.record(z.string(), z.string().nullable()) });

/**
 * @param leadId null: nobody is known; only the organisation's own values are
 * @param field what errors name
 * @throws AppError invalid_input naming the braces that are wrong, or the variables that have no value for this person
 */
export async function renderForLead(
  { db }: UserContext,
  content: string,
  { leadId, language, field }: { leadId: string | null; language: Language; field: string },
): Promise<string> {
  const compiled = compileTemplate(content);
  if (!compiled.ok) throw validationError(compiled.problems.map(({ message }) => ({ field, message })));
  const { values } = parseAnswer(
    await db.rpc("preview_values", {
      p_category: "custom",
      p_language: language,
      ...(leadId && { p_lead_id: leadId }),
    }),
    ofLead,
  );
  const rendered = renderTemplate(compiled.template, values, { language });
  if (rendered.ok) return rendered.text;
  throw validationError(
    rendered.missing.map((name) => ({
      field,
      message: `This person has no value for {${variableNamed(name).name}}: write the text yourself.`,
    })),
  );
}
