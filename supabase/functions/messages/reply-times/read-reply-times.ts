// How long people waited for an answer.
import { z } from "zod";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { replyTimes, type replyTimesQuery } from "./schemas.ts";

/** @throws AppError invalid_input for times that are in the wrong order or too far apart */
export async function readReplyTimes(
  { db }: UserContext,
  { query }: { query: z.output<typeof replyTimesQuery> },
): Promise<z.output<typeof replyTimes>[]> {
  return parseAnswer(
    await db.rpc("reply_times", { p_from: query.from, p_to: query.to, p_group_by: query.group_by }),
    z.array(replyTimes),
  );
}
