// Changes a number's pace, daily cap, hours or warm-up; the next claims follow the change.
import type { z } from "zod";
import { dataOrThrow } from "../_shared/db/data-or-throw.ts";
import type { UserContext } from "../_shared/http/context.ts";
import { getNumber, type NumberDetail } from "./get-number.ts";
import type { numberChanges } from "./schemas.ts";

/** @throws AppError not_found, invalid_state if the number is released, invalid_input */
export async function updateNumber(
  ctx: UserContext,
  { params, body }: { params: { id: string }; body: z.output<typeof numberChanges> },
): Promise<NumberDetail> {
  dataOrThrow(await ctx.db.rpc("update_number", { p_phone_number_id: params.id, p_input: body }));
  return getNumber(ctx, { params });
}
