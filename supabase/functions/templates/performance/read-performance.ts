// How well texts work: figures that are at most a few minutes old.
import type { z } from "zod";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { comparedTemplates, type performanceRange, templatePerformance } from "./schemas.ts";

type Range = z.output<typeof performanceRange>;

const daysOf = ({ from, to }: Range) => ({ ...(from && { p_from: from }), ...(to && { p_to: to }) });

/** @throws AppError not_found; invalid_input for the range */
export async function readPerformance(
  { db }: UserContext,
  { params, query }: { params: { id: string }; query: Range },
): Promise<z.output<typeof templatePerformance>> {
  const answer = await db.rpc("template_performance", { p_template_id: params.id, ...daysOf(query) });
  return parseAnswer(answer, templatePerformance);
}

/** @throws AppError invalid_input for the range */
export async function compareTemplates(
  { db }: UserContext,
  { query }: { query: Range },
): Promise<z.output<typeof comparedTemplates>> {
  return parseAnswer(await db.rpc("compare_templates", daysOf(query)), comparedTemplates);
}
