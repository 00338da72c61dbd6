// The query behind the list and the download of rejected rows.
import type { UserContext } from "../../_shared/http/context.ts";
import type { Rejection } from "./schemas.ts";

/** @param outcomes only these; all if none are given */
export function selectRejections(
  { db, user }: UserContext,
  importId: string,
  outcomes: Rejection["outcome"][] | undefined,
) {
  const rows = db
    .from("import_rejections")
    .select("id, line, outcome, field, reason, lead_id, raw")
    .eq("org_id", user.orgId)
    .eq("import_id", importId)
    .order("line")
    .order("id");
  return outcomes?.length ? rows.in("outcome", outcomes) : rows;
}
