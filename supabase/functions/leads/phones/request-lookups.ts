// Queues phones to be looked up at Twilio, or estimates what that would cost.
import type { z } from "zod";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { type lookupRequest, requestedLookups } from "./schemas.ts";

/** @throws AppError invalid_state if lookups are turned off */
export async function requestLookups(
  { db }: UserContext,
  { body }: { body: z.output<typeof lookupRequest> },
): Promise<z.output<typeof requestedLookups>> {
  const answer = await db.rpc("request_lookups", {
    ...(body.lead_ids && { p_lead_ids: body.lead_ids }),
    p_dry_run: body.dry_run,
  });
  return parseAnswer(answer, requestedLookups);
}
