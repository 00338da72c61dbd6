// Gives one variant to everybody who still waits for their first text.
import type { z } from "zod";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { readTest } from "./read-test.ts";
import type { promotion, Test } from "./schemas.ts";

/** @throws AppError not_found; invalid_state if it does not run, or another variant was promoted; invalid_input for no variant */
export async function promoteVariant(
  ctx: UserContext,
  { params, body }: { params: { id: string }; body: z.output<typeof promotion> },
): Promise<Test> {
  dataOrThrow(await ctx.db.rpc("promote_variant", { p_campaign_id: params.id, p_variant: body.variant }));
  return readTest(ctx, { params });
}
