// Creates and changes blueprints.
import type { z } from "zod";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { getBlueprint } from "./get-blueprint.ts";
import type { Blueprint, blueprintChanges, blueprintInput } from "./schemas.ts";

/** @throws AppError duplicate if there is one of this name, invalid_input, invalid_state for more than 200 */
export async function createBlueprint(
  ctx: UserContext,
  { body }: { body: z.output<typeof blueprintInput> },
): Promise<Blueprint> {
  const id = dataOrThrow(await ctx.db.rpc("save_blueprint", { p_input: body }));
  return getBlueprint(ctx, { params: { id } });
}

/** @throws AppError not_found, duplicate, invalid_input */
export async function updateBlueprint(
  ctx: UserContext,
  { params, body }: { params: { id: string }; body: z.output<typeof blueprintChanges> },
): Promise<Blueprint> {
  dataOrThrow(await ctx.db.rpc("save_blueprint", { p_blueprint_id: params.id, p_input: body }));
  return getBlueprint(ctx, { params });
}
