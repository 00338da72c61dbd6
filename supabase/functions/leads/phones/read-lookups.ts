// How far lookups are: what waits, what was done today, what the budget leaves, what went wrong last.
import type { z } from "zod";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import type { lookupStatus } from "./schemas.ts";

export async function readLookups({ db }: UserContext): Promise<z.output<typeof lookupStatus>> {
  return dataOrThrow(await db.rpc("lookup_status")) as unknown as z.output<typeof lookupStatus>;
}
