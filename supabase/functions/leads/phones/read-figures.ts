// Counts the phones of all leads: by kind of line, validity and consent, looked up or not.
import type { z } from "zod";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { phoneFigures } from "./schemas.ts";

export async function readFigures({ db }: UserContext): Promise<z.output<typeof phoneFigures>> {
  return parseAnswer(await db.rpc("phone_figures"), phoneFigures);
}
