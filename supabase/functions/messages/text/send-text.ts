// Sends one text to one lead.
import { z } from "zod";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { readPhone } from "../../_shared/http/read-phone.ts";
import type { directText, sentText } from "./schemas.ts";
import { selectMessage } from "./select-message.ts";

const answer = z.object({ message_id: z.uuid(), deduplicated: z.boolean() });

/**
 * Asked for twice, also at the same instant, it is sent once: by its Idempotency-Key for a day, or without one for a minute.
 * @throws AppError not_found for the lead; opted_out, outside_hours, spending_limit_reached and others that say why not;
 *   rate_limited for a daily cap; invalid_input naming the field
 */
export async function sendText(
  ctx: UserContext,
  { body: { to, lead_id, body } }: { body: z.output<typeof directText> },
): Promise<z.output<typeof sentText>> {
  const key = ctx.request.headers.get("idempotency-key");
  const { message_id, deduplicated } = parseAnswer(
    await ctx.db.rpc("send_direct", {
      p_body: body,
      ...(to !== undefined && { p_to: readPhone("to", to) }),
      ...(lead_id !== undefined && { p_lead_id: lead_id }),
      ...(key !== null && { p_idempotency_key: key }),
    }),
    answer,
  );
  return { ...(await selectMessage(ctx, message_id)), deduplicated };
}
