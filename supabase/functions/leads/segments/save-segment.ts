// Creates a segment or changes one.
import type { z } from "zod";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { getSegment } from "./get-segment.ts";
import type { SegmentDetail, segmentChanges, segmentInput } from "./schemas.ts";

/** @throws AppError duplicate for a name that is taken, invalid_input */
export async function createSegment(
  ctx: UserContext,
  { body }: { body: z.output<typeof segmentInput> },
): Promise<SegmentDetail> {
  const id = dataOrThrow(await ctx.db.rpc("save_segment", { p_input: body }));
  return await getSegment(ctx, { params: { id } });
}

/** @throws AppError not_found, duplicate, invalid_input */
export async function updateSegment(
  ctx: UserContext,
  { params, body }: { params: { id: string }; body: z.output<typeof segmentChanges> },
): Promise<SegmentDetail> {
  dataOrThrow(await ctx.db.rpc("save_segment", { p_segment_id: params.id, p_input: body }));
  return await getSegment(ctx, { params });
}
