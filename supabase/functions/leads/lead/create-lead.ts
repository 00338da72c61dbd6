// Creates a lead.
import type { z } from "zod";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { readPhoneFields } from "./read-phone-fields.ts";
import { type Lead, lead, type leadInput } from "./schemas.ts";

/** @throws AppError invalid_input, or duplicate naming the lead that has one of the phones */
export async function createLead(
  { db, repeatKey }: UserContext,
  { body }: { body: z.output<typeof leadInput> },
): Promise<Lead> {
  const { allow_duplicate_phone = false, ...input } = readPhoneFields(body);
  const answer = await db.rpc("create_lead", {
    p_lead: input,
    p_allow_duplicate_phone: allow_duplicate_phone,
    ...(repeatKey && { p_repeat_key: repeatKey }),
  });
  return parseAnswer(answer, lead);
}
