// Changes a service; one that was failing is tried again at once.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { checkService } from "./check-service.ts";
import { readService } from "./list-services.ts";
import type { Service, ServiceChanges } from "./schemas.ts";

/** @throws AppError not_found, invalid_input, duplicate if another service has the name */
export async function updateService(
  ctx: UserContext,
  { params, body }: { params: { id: string }; body: ServiceChanges },
): Promise<Service> {
  const { kind } = await readService(ctx, params.id);
  checkService(ctx.env, kind, body);
  const changes = { p_service_id: params.id, p_input: body as never };
  dataOrThrow(await ctx.db.rpc("save_enrichment_service", changes));
  return await readService(ctx, params.id);
}
