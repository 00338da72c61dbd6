// Reads a message: its status, error, segments and cost.
import type { z } from "zod";
import type { UserContext } from "../../_shared/http/context.ts";
import type { message } from "./schemas.ts";
import { selectMessage } from "./select-message.ts";

/** @throws AppError not_found */
export function getMessage(
  ctx: UserContext,
  { params }: { params: { id: string } },
): Promise<z.output<typeof message>> {
  return selectMessage(ctx, params.id);
}
