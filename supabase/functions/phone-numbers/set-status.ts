// Pauses, quarantines or reactivates a number. Stopping answers only when claims in flight are done.
import type { z } from "zod";
import { dataOrThrow } from "../_shared/db/data-or-throw.ts";
import type { UserContext } from "../_shared/http/context.ts";
import { getNumber, type NumberDetail } from "./get-number.ts";
import type { statusInput } from "./schemas.ts";

/** @throws AppError not_found, or invalid_state if its status does not allow it */
export async function setStatus(
  ctx: UserContext,
  { params, body }: { params: { id: string }; body: z.output<typeof statusInput> },
): Promise<NumberDetail> {
  const { status, reason } = body;
  dataOrThrow(
    await ctx.db.rpc("set_number_status", {
      p_phone_number_id: params.id,
      p_status: status,
      ...(reason !== undefined && { p_reason: reason }),
    }),
  );
  return getNumber(ctx, { params });
}
