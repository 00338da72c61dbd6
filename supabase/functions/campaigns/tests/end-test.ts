// Ends the A/B test of a campaign without a decision; before the start, that deletes it.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";

/** @throws AppError not_found; invalid_state if it has ended */
export async function endTest({ db }: UserContext, { params }: { params: { id: string } }): Promise<void> {
  dataOrThrow(await db.rpc("end_campaign_test", { p_campaign_id: params.id }));
}
