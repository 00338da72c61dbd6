// Erases the person behind a lead for good.
import type { z } from "zod";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { readPhone } from "./read-phone.ts";
import { type eraseInput, erasure } from "./schemas.ts";

/**
 * @throws AppError not_found, invalid_input naming `confirm` if it is neither the lead's name nor one of its phones, conflict
 *   (details.lead_ids) if another lead has one of the phones, invalid_state while a message is being sent
 */
export async function eraseLead(
  { db }: UserContext,
  { params, body }: { params: { id: string }; body: z.output<typeof eraseInput> },
): Promise<z.output<typeof erasure>> {
  const answer = await db.rpc("erase_lead", {
    p_lead_id: params.id,
    p_confirm: readPhone(body.confirm) ?? body.confirm,
    p_also_erase: body.also_erase,
  });
  return parseAnswer(answer, erasure);
}
