// The alerts of an organisation: open ones first, then by time, newest first.
import type { z } from "zod";
import { dataOrThrow } from "../_shared/db/data-or-throw.ts";
import type { UserContext } from "../_shared/http/context.ts";
import { pageOf, pagination } from "../_shared/http/pagination.ts";
import type { ListResult } from "../_shared/http/responses.ts";
import type { alert } from "./schemas.ts";

export type Alert = z.output<typeof alert>;
export const ALERT_COLUMNS =
  "id, kind, severity, message, campaign_id, phone_number_id, details, created_at, resolved_at, resolved_by";

export interface ListAlertsQuery {
  page?: number;
  limit: number;
  skip?: number;
  status: "open" | "resolved" | "all";
  kind?: string[];
  severity?: Alert["severity"][];
  campaign_id?: string;
}

export async function listAlerts(
  { db, user }: UserContext,
  { query }: { query: ListAlertsQuery },
): Promise<ListResult<Alert>> {
  const page = pageOf(query);
  let rows = db
    .from("alerts")
    .select(ALERT_COLUMNS, { count: "exact" })
    .eq("org_id", user.orgId)
    .order("resolved_at", { ascending: false, nullsFirst: true })
    .order("created_at", { ascending: false })
    .order("id");
  if (query.status === "open") rows = rows.is("resolved_at", null);
  if (query.status === "resolved") rows = rows.not("resolved_at", "is", null);
  if (query.kind?.length) rows = rows.in("kind", query.kind);
  if (query.severity?.length) rows = rows.in("severity", query.severity);
  if (query.campaign_id) rows = rows.eq("campaign_id", query.campaign_id);
  const answer = await rows.range(page.offset, page.offset + page.limit - 1);
  return { data: dataOrThrow(answer) as Alert[], pagination: pagination(page, answer.count ?? 0) };
}
