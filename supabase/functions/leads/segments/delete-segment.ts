// Removes a segment; its leads stay.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";

/** @throws AppError not_found, or invalid_state if a campaign is still to be built from it */
export async function deleteSegment(
  { db }: UserContext,
  { params }: { params: { id: string } },
): Promise<void> {
  dataOrThrow(await db.rpc("delete_segment", { p_segment_id: params.id }));
}
