// A page of groups of leads that look like one owner.
import { z } from "zod";
import { longList, parseAnswer } from "../../_shared/db/parse-answer.ts";
import { AppError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { pageOf, pagination } from "../../_shared/http/pagination.ts";
import type { ListResult } from "../../_shared/http/responses.ts";
import { duplicateGroup, type duplicatesQuery } from "./schemas.ts";

type Group = z.output<typeof duplicateGroup>;

/** The position of a group in the list. */
const place = z.object({ rank: z.number(), id: z.string() });
type Place = z.output<typeof place>;

/** What list_duplicates returns. */
const foundGroups = z.object({
  groups: longList(duplicateGroup),
  total: z.number(),
  total_is_estimate: z.boolean(),
  next: place.nullable(),
});

/** @throws AppError invalid_input for a cursor that this list did not give, or for a page so deep that it needs a cursor */
export async function listDuplicates(
  { db }: UserContext,
  { query }: { query: z.output<typeof duplicatesQuery> },
): Promise<ListResult<Group>> {
  const page = pageOf(query);
  const after = page.cursor === undefined ? undefined : readCursor(page.cursor);
  const found = parseAnswer(
    await db.rpc("list_duplicates", {
      p_reason: query.reason,
      p_limit: page.limit,
      p_offset: after ? 0 : page.offset,
      p_after_rank: after?.rank,
      p_after_id: after?.id,
    }),
    foundGroups,
  );
  const nextCursor = found.next && `${found.next.rank}.${found.next.id}`;
  return {
    data: found.groups,
    pagination: pagination(page, found.total, { isEstimate: found.total_is_estimate, nextCursor }),
  };
}

function readCursor(cursor: string): Place {
  const [, rank, id] = /^([12])\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(cursor) ?? [];
  if (rank && id) return { rank: Number(rank), id };
  throw new AppError("invalid_input", "The cursor is not from this list.", {
    errors: [{ field: "cursor", message: "Send next_cursor of the previous page unchanged." }],
  });
}
