// Sets up the A/B test of a campaign, or replaces it.
import type { z } from "zod";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { readTest } from "./read-test.ts";
import type { Test, testInput } from "./schemas.ts";

/** @throws AppError not_found; invalid_state without variants, or once it has started; invalid_input; rate_limited */
export async function setTest(
  ctx: UserContext,
  { params, body }: { params: { id: string }; body: z.output<typeof testInput> },
): Promise<Test> {
  dataOrThrow(await ctx.db.rpc("set_campaign_test", { p_campaign_id: params.id, p_input: body }));
  return readTest(ctx, { params });
}
