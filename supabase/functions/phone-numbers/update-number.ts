// Changes a number's pace, cap, hours or warming up; claims go by them from then on.
import type { z } from "zod";
import { dataOrThrow } from "../_shared/db/data-or-throw.ts";
import type { UserContext } from "../_shared/http/context.ts";
import { getNumber, type NumberDetail } from "./get-number.ts";
import type { numberChanges } from "./schemas.ts";

/** @throws AppError not_found, invalid_state where the number is released, invalid_input */
export async function updateNumber(
  ctx: UserContext,
  { params, body }: { params: { id: string }; body: z.output<typeof numberChanges> },
): Promise<NumberDetail> {
  dataOrThrow(await ctx.db.rpc("update_number", { p_phone_number_id: params.id, p_input: body }));
  return getNumber(ctx, { params });
}
