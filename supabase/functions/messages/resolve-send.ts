// A person's word on one send that Twilio never answered for.
import type { z } from "zod";
import { dataOrThrow } from "../_shared/db/data-or-throw.ts";
import { parseAnswer } from "../_shared/db/parse-answer.ts";
import type { UserContext } from "../_shared/http/context.ts";
import { message, type resolution } from "./schemas.ts";

const COLUMNS =
  "id, kind, direction, campaign_id, conversation_id, lead_id, from_number, to_number, content, status, error_code, " +
  "error_message, segments, needs_attention, sent_at, created_at, updated_at";

/**
 * @returns the message as it is now
 * @throws AppError not_found, forbidden where a campaign's message asks for campaign_manager, invalid_state with why there is
 *   nothing to decide (yet)
 */
export async function resolveSend(
  { db, user }: UserContext,
  { params, body }: { params: { id: string }; body: z.output<typeof resolution> },
): Promise<z.output<typeof message>> {
  dataOrThrow(await db.rpc("resolve_send", { p_message_id: params.id, p_action: body.action }));
  return parseAnswer(
    await db.from("messages").select(COLUMNS).eq("org_id", user.orgId).eq("id", params.id).single(),
    message,
  );
}
