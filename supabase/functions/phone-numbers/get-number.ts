// One number with the outcomes behind its health.
import type { z } from "zod";
import { dataOrThrow } from "../_shared/db/data-or-throw.ts";
import { AppError } from "../_shared/http/app-error.ts";
import type { UserContext } from "../_shared/http/context.ts";
import type { numberDetail } from "./schemas.ts";
import { NUMBER_COLUMNS, type NumberRow, withUsage } from "./select-numbers.ts";

export type NumberDetail = z.output<typeof numberDetail>;

/** @throws AppError not_found if the organisation has no such number */
export async function getNumber(
  ctx: UserContext,
  { params }: { params: { id: string } },
): Promise<NumberDetail> {
  const [row, health] = await Promise.all([
    ctx.db
      .from("phone_numbers")
      .select(NUMBER_COLUMNS)
      .eq("org_id", ctx.user.orgId)
      .eq("id", params.id)
      .maybeSingle(),
    ctx.db.rpc("number_health", { p_phone_number_id: params.id }),
  ]);
  const found = dataOrThrow(row) as NumberRow | null;
  const [number] = await withUsage(ctx, found ? [found] : []);
  if (!number)
    throw new AppError("not_found", "There is no such phone number.", { phone_number_id: params.id });
  return { ...number, health: dataOrThrow(health) as NumberDetail["health"] };
}
