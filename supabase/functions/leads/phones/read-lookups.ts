// Reads the progress of lookups: what is queued, what was done today, what is left of the budget, and the last error.
import type { z } from "zod";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { lookupStatus } from "./schemas.ts";

export async function readLookups({ db }: UserContext): Promise<z.output<typeof lookupStatus>> {
  return parseAnswer(await db.rpc("lookup_status"), lookupStatus);
}
