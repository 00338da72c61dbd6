// The route table of segments. The list of leads shows who is in one: GET /leads?segment_id=…
import { z } from "zod";
import { pageFields } from "../../_shared/http/pagination.ts";
import { created, empty, list, object } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import { changeSegmentLeads } from "./change-segment-leads.ts";
import { deleteSegment } from "./delete-segment.ts";
import { getSegment } from "./get-segment.ts";
import { listSegments } from "./list-segments.ts";
import { createSegment, updateSegment } from "./save-segment.ts";
import {
  SEGMENT_KINDS,
  segment,
  segmentChanges,
  segmentDetail,
  segmentInput,
  segmentLeadChanges,
  segmentLeadsChanged,
} from "./schemas.ts";

const params = z.object({ id: z.uuid() });
const { page, limit, skip } = pageFields;

export const routes = [
  route({
    method: "GET",
    path: "/segments",
    summary: "List segments by name",
    permission: "viewer",
    request: {
      query: z.strictObject({
        page,
        limit,
        skip,
        kind: z.array(z.enum(SEGMENT_KINDS)).optional(),
        search: z.string().max(200).optional().describe("Part of the name"),
      }),
    },
    response: list(segment),
    run: listSegments,
  }),
  route({
    method: "POST",
    path: "/segments",
    summary: "Create a segment: a filter saved under a name, or a list of leads",
    permission: "operator",
    request: { body: segmentInput },
    response: created(segmentDetail),
    run: createSegment,
  }),
  route({
    method: "GET",
    path: "/segments/{id}",
    summary: "Read a segment, with the number of leads in it now",
    permission: "viewer",
    request: { params },
    response: object(segmentDetail),
    run: getSegment,
  }),
  route({
    method: "PATCH",
    path: "/segments/{id}",
    summary: "Change a segment's name, description or filter",
    permission: "operator",
    request: { params, body: segmentChanges },
    response: object(segmentDetail),
    run: updateSegment,
  }),
  route({
    method: "DELETE",
    path: "/segments/{id}",
    summary: "Remove a segment; its leads stay",
    permission: "operator",
    request: { params },
    response: empty(),
    run: deleteSegment,
  }),
  route({
    method: "POST",
    path: "/segments/{id}/leads",
    summary: "Put leads on a list, take others off it",
    permission: "operator",
    request: { params, body: segmentLeadChanges },
    response: object(segmentLeadsChanged),
    run: changeSegmentLeads,
  }),
];
