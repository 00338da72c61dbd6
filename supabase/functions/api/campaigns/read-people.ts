// What the database counts of campaigns beside their figures.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import type { People } from "./to-dashboard-campaign.ts";

/** @returns by id; campaigns of other organisations are left out */
export async function readPeople({ db }: UserContext, ids: string[]): Promise<Map<string, People>> {
  if (ids.length === 0) return new Map();
  const rows = dataOrThrow(await db.rpc("campaign_people", { p_campaign_ids: ids }));
  return new Map(rows.map(({ campaign_id, ...people }) => [campaign_id, people]));
}
