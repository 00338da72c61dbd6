// What happened to a lead, newest first.
import type { z } from "zod";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { decodeKeyset, encodeKeyset, type Keyset } from "../../_shared/http/keyset.ts";
import type { historyEntry, historyQuery } from "./schemas.ts";

type Entry = z.output<typeof historyEntry>;

/** @throws AppError not_found (details.merged_into for a merged lead), invalid_input for a cursor that is none of this list's */
export async function readHistory(
  { db }: UserContext,
  { params, query }: { params: { id: string }; query: z.output<typeof historyQuery> },
): Promise<{ entries: Entry[]; next_cursor: string | null }> {
  const before: Partial<Keyset> = query.cursor === undefined ? {} : decodeKeyset(query.cursor);
  const found = dataOrThrow(
    await db.rpc("lead_history", {
      p_lead_id: params.id,
      p_types: query.type,
      p_limit: query.limit,
      p_before: before.createdAt,
      p_before_id: before.id,
    }),
  ) as unknown as { entries: Entry[]; next: { created_at: string; id: string } | null };
  const { entries, next } = found;
  return { entries, next_cursor: next && encodeKeyset({ createdAt: next.created_at, id: next.id }) };
}
