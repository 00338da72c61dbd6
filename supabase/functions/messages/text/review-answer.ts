// Records what a person says that an answer means, and acts on it.
import type { z } from "zod";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import type { message, review } from "./schemas.ts";
import { selectMessage } from "./select-message.ts";

/**
 * @returns the message as it is now
 * @throws AppError not_found, invalid_state if the message is none that a person wrote
 */
export async function reviewAnswer(
  ctx: UserContext,
  { params, body }: { params: { id: string }; body: z.output<typeof review> },
): Promise<z.output<typeof message>> {
  dataOrThrow(await ctx.db.rpc("review_answer", { p_message_id: params.id, p_class: body.class }));
  return selectMessage(ctx, params.id);
}
