// Reads a segment, with the number of leads in it now.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import { AppError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { countLeads } from "../filters/count-leads.ts";
import type { Segment, SegmentDetail } from "./schemas.ts";
import { SEGMENT_COLUMNS } from "./segment-columns.ts";

/** @throws AppError not_found */
export async function getSegment(
  ctx: UserContext,
  { params }: { params: { id: string } },
): Promise<SegmentDetail> {
  const { db, user } = ctx;
  const row = dataOrThrow(
    await db
      .from("segments")
      .select(SEGMENT_COLUMNS)
      .eq("org_id", user.orgId)
      .eq("id", params.id)
      .maybeSingle(),
  );
  if (!row) throw new AppError("not_found", "There is no segment with this id.");
  const leads = await countLeads(ctx, { body: { filter: { segment_ids: [params.id] } } });
  return { ...(row as Segment), leads };
}
