// Resolves an alert: a person has dealt with it.
import { dataOrThrow } from "../_shared/db/data-or-throw.ts";
import type { UserContext } from "../_shared/http/context.ts";
import { ALERT_COLUMNS, type Alert } from "./list-alerts.ts";

/** An alert that is resolved already stays as it is. @throws AppError not_found */
export async function resolveAlert(
  { db, user }: UserContext,
  { params }: { params: { id: string } },
): Promise<Alert> {
  dataOrThrow(await db.rpc("resolve_alert", { p_alert_id: params.id }));
  return dataOrThrow(
    await db.from("alerts").select(ALERT_COLUMNS).eq("org_id", user.orgId).eq("id", params.id).single(),
  ) as Alert;
}
