// Puts leads on a list and takes others off it.
import type { z } from "zod";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import type { segmentLeadChanges, segmentLeadsChanged } from "./schemas.ts";

/** @throws AppError not_found, or invalid_state if the segment is not a list */
export async function changeSegmentLeads(
  { db }: UserContext,
  { params, body }: { params: { id: string }; body: z.output<typeof segmentLeadChanges> },
): Promise<z.output<typeof segmentLeadsChanged>> {
  const answer = await db.rpc("change_segment_leads", {
    p_segment_id: params.id,
    p_add: body.add,
    p_remove: body.remove,
  });
  return dataOrThrow(answer) as z.output<typeof segmentLeadsChanged>;
}
