// Fills in the variables of a text to one person. The dashboard's buttons write {{firstName}} into a text, and templates have them;
// it sends them so. In the area a text is literal.
import { z } from "zod";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import { validationError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { readPhone } from "../../_shared/http/read-phone.ts";
import { findVariable } from "../../_shared/sms/variables.ts";
import { renderForLead } from "../../messages/answers/render-for-lead.ts";
import { languageOf } from "../templates/guess-language.ts";

const BRACES = /\{\{?([^{}|]*)(?:\|[^{}]*)?\}/g;

/** Whether braces of a text name a variable: other braces are somebody's own. */
export function hasVariables(text: string): boolean {
  return [...text.matchAll(BRACES)].some(([, name = ""]) => findVariable(name.trim()) !== undefined);
}

/**
 * @param leadId null: nobody is known
 * @param field what errors name
 * @throws AppError invalid_input naming the variables that have no value for this person
 */
export async function fillVariables(
  ctx: UserContext,
  text: string,
  leadId: string | null,
  field: string,
): Promise<string> {
  return await renderForLead(ctx, text, { leadId, language: await languageOf(ctx, text), field });
}

const found = z.array(z.object({ id: z.uuid() }));

/**
 * The lead of a phone, null if there is none.
 * @param field what errors name
 * @throws AppError invalid_input for a phone that is none, or that several leads share: nobody knows who reads the text
 */
export async function leadOfPhone(
  { db, user }: UserContext,
  given: string,
  field: string,
): Promise<string | null> {
  const phones = parseAnswer(
    await db
      .from("lead_phones")
      .select("id:lead_id")
      .eq("org_id", user.orgId)
      .eq("e164", readPhone(field, given)),
    found,
  );
  if (phones.length === 0) return null;
  const leads = parseAnswer(
    await db
      .from("leads")
      .select("id")
      .eq("org_id", user.orgId)
      .is("deleted_at", null)
      .in(
        "id",
        phones.map(({ id }) => id),
      ),
    found,
  );
  if (leads.length > 1) {
    const message = "Several leads share this phone: give lead_id, or write the text without variables.";
    throw validationError([{ field, message }]);
  }
  return leads[0]?.id ?? null;
}
