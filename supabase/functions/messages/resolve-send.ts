// Applies a person's decision to one unknown message: Twilio never said whether it accepted it.
import type { z } from "zod";
import { dataOrThrow } from "../_shared/db/data-or-throw.ts";
import { parseAnswer } from "../_shared/db/parse-answer.ts";
import type { UserContext } from "../_shared/http/context.ts";
import { MESSAGE_COLUMNS, message, type resolution } from "./schemas.ts";

/**
 * @returns the message as it is now
 * @throws AppError not_found, forbidden if it is a campaign's message and the caller is below campaign_manager, invalid_state
 *   saying why there is nothing to decide (yet)
 */
export async function resolveSend(
  { db, user }: UserContext,
  { params, body }: { params: { id: string }; body: z.output<typeof resolution> },
): Promise<z.output<typeof message>> {
  dataOrThrow(await db.rpc("resolve_send", { p_message_id: params.id, p_action: body.action }));
  return parseAnswer(
    await db.from("messages").select(MESSAGE_COLUMNS).eq("org_id", user.orgId).eq("id", params.id).single(),
    message,
  );
}
