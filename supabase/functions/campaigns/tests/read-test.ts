// Reads the A/B test of a campaign with its looks.
import { longList, parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { look, type Test, test } from "./schemas.ts";

const answer = test.extend({ looks: longList(look) });

/**
 * Reads only the newest look, unless a query asks for more.
 * @throws AppError not_found
 */
export async function readTest(
  { db }: UserContext,
  { params, query }: { params: { id: string }; query?: { looks: number } },
): Promise<Test> {
  return parseAnswer(
    await db.rpc("campaign_test", { p_campaign_id: params.id, p_looks: query?.looks ?? 1 }),
    answer,
  );
}
