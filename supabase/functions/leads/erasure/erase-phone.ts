// Erases everything stored about a person who is in no lead, by their phone.
import type { z } from "zod";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import { validationError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { readPhone } from "./read-phone.ts";
import { type erasePhoneInput, erasure } from "./schemas.ts";

/**
 * @throws AppError invalid_input, conflict (details.lead_ids) if a lead has the phone, invalid_state while a message is being
 *   sent
 */
export async function erasePhone(
  { db }: UserContext,
  { body }: { body: z.output<typeof erasePhoneInput> },
): Promise<z.output<typeof erasure>> {
  const phone = readPhone(body.phone);
  if (phone === undefined)
    throw validationError([
      { field: "phone", message: "Write a phone such as (512) 555-0123 or +15125550123." },
    ]);
  if (readPhone(body.confirm) !== phone)
    throw validationError([
      { field: "confirm", message: "Write the same phone again: this can't be undone." },
    ]);
  return parseAnswer(await db.rpc("erase_phone", { p_e164: phone }), erasure);
}
