// What happened to a lead, newest first.
import { z } from "zod";
import { longList, parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { decodeKeyset, encodeKeyset, type Keyset } from "../../_shared/http/keyset.ts";
import { historyEntry, type historyQuery } from "./schemas.ts";

type Entry = z.output<typeof historyEntry>;

/** What lead_history returns. */
const foundEntries = z.object({
  entries: longList(historyEntry),
  next: z.object({ created_at: z.string(), id: z.string() }).nullable(),
});

/** @throws AppError not_found (details.merged_into for a merged lead), invalid_input for a cursor that this list did not give */
export async function readHistory(
  { db }: UserContext,
  { params, query }: { params: { id: string }; query: z.output<typeof historyQuery> },
): Promise<{ entries: Entry[]; next_cursor: string | null }> {
  const before: Partial<Keyset> = query.cursor === undefined ? {} : decodeKeyset(query.cursor);
  const found = parseAnswer(
    await db.rpc("lead_history", {
      p_lead_id: params.id,
      p_types: query.type,
      p_limit: query.limit,
      p_before: before.createdAt,
      p_before_id: before.id,
    }),
    foundEntries,
  );
  const { entries, next } = found;
  return { entries, next_cursor: next && encodeKeyset({ createdAt: next.created_at, id: next.id }) };
}
