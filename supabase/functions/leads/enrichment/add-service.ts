// Adds a service that is asked about parcels or phones.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { checkService } from "./check-service.ts";
import { readService } from "./list-services.ts";
import type { Service, ServiceInput } from "./schemas.ts";

/** @throws AppError invalid_input, duplicate if another service has the name */
export async function addService(ctx: UserContext, { body }: { body: ServiceInput }): Promise<Service> {
  const { kind, ...settings } = body;
  checkService(ctx.env, kind, settings);
  const id = dataOrThrow(await ctx.db.rpc("save_enrichment_service", { p_input: body as never }));
  return await readService(ctx, id as string);
}
