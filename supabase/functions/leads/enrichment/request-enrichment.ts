// Queues parcels or phones about which a service is to be asked, or only counts them.
import type { z } from "zod";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { type enrichmentRequest, requestedEnrichment } from "./schemas.ts";

/** @throws AppError not_found; invalid_state if the service is turned off */
export async function requestEnrichment(
  { db }: UserContext,
  { params, body }: { params: { id: string }; body: z.output<typeof enrichmentRequest> },
): Promise<z.output<typeof requestedEnrichment>> {
  const answer = await db.rpc("request_enrichment", {
    p_service_id: params.id,
    ...(body.lead_ids && { p_lead_ids: body.lead_ids }),
    p_overwrite: body.overwrite,
    p_dry_run: body.dry_run,
  });
  return parseAnswer(answer, requestedEnrichment);
}
