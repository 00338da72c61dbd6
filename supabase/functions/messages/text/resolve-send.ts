// Applies a person's decision to one unknown message: Twilio never said whether it accepted it.
import type { z } from "zod";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import type { message, resolution } from "./schemas.ts";
import { selectMessage } from "./select-message.ts";

/**
 * @returns the message as it is now
 * @throws AppError not_found, forbidden if it is a campaign's message and the caller is below campaign_manager, invalid_state
 *   saying why there is nothing to decide (yet)
 */
export async function resolveSend(
  ctx: UserContext,
  { params, body }: { params: { id: string }; body: z.output<typeof resolution> },
): Promise<z.output<typeof message>> {
  dataOrThrow(await ctx.db.rpc("resolve_send", { p_message_id: params.id, p_action: body.action }));
  return selectMessage(ctx, params.id);
}
