// Sets one field of many leads.
import type { z } from "zod";
import type { UserContext } from "../../_shared/http/context.ts";
import { routes } from "../../leads/routes.ts";
import { inBothShapes } from "../door/both-shapes.ts";
import { callRoute } from "../door/call-route.ts";
import { routeOf } from "../door/mount-area.ts";
import type { bulkUpdate } from "./schemas.ts";

export const bulkRoute = routeOf(routes, "POST /bulk-actions");
const ACTIONS = { status: "set_status", lead_score: "set_score", lead_source: "set_source" } as const;

interface Outcome {
  matched: number;
  job: { id: string; status: string } | null;
}

/** @throws AppError invalid_input for a status, score or source that a lead can't have */
export async function updateLeads(ctx: UserContext, { body }: { body: z.output<typeof bulkUpdate> }) {
  const [field, value] = Object.entries(body.updates)[0] as [keyof typeof ACTIONS, string];
  const names = new Map([
    ["value", `updates.${field}`],
    ["ids", "leadIds"],
  ]);
  const { matched, job } = await callRoute<Outcome>(
    ctx,
    bulkRoute,
    { body: { action: ACTIONS[field], ids: body.leadIds, value } },
    names,
  );
  return inBothShapes({
    matched,
    success_count: matched,
    updated_count: matched,
    error_count: new Set(body.leadIds).size - matched,
    job_id: job && job.status !== "completed" ? job.id : null,
  });
}
