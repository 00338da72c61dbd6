// The time zone of the caller's organisation: it decides which month it is.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";

export async function readTimeZone({ db, user }: UserContext): Promise<string> {
  return dataOrThrow(await db.from("orgs").select("time_zone").eq("id", user.orgId).single()).time_zone;
}
