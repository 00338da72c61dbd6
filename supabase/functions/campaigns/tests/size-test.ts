// Says how many people an A/B test needs.
import type { z } from "zod";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { size, type sizeInput } from "./schemas.ts";

/** @throws AppError not_found, invalid_input */
export async function sizeTest(
  { db }: UserContext,
  { body }: { body: z.output<typeof sizeInput> },
): Promise<z.output<typeof size>> {
  return parseAnswer(await db.rpc("test_size", { p_input: body }), size);
}
