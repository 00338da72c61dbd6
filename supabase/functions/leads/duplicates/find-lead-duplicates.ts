// The leads that look like the owner of one lead.
import type { z } from "zod";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import type { duplicateGroup } from "./schemas.ts";

/** @throws AppError not_found */
export async function findLeadDuplicates(
  { db }: UserContext,
  { params }: { params: { id: string } },
): Promise<z.output<typeof duplicateGroup>> {
  const answer = await db.rpc("lead_duplicates", { p_lead_id: params.id });
  return dataOrThrow(answer) as unknown as z.output<typeof duplicateGroup>;
}
