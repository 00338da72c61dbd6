// Lists the rows of an import that were rejected, were duplicates or got a warning, in the order of the file, and the leads that
// its undo kept.
import { MAX_ANSWER_BYTES } from "../../_shared/db/bounded-fetch.ts";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import { AppError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { pageOf, pagination } from "../../_shared/http/pagination.ts";
import type { ListResult } from "../../_shared/http/responses.ts";
import { getImport } from "./get-import.ts";
import type { Rejection } from "./schemas.ts";
import { selectRejections } from "./select-rejections.ts";

export interface ListRejectionsQuery {
  page?: number;
  limit: number;
  skip?: number;
  cursor?: string;
  outcome?: Rejection["outcome"][];
}

/** @param query `cursor` is line.id of the last row of the previous page */
export async function listRejections(
  ctx: UserContext,
  { params, query }: { params: { id: string }; query: ListRejectionsQuery },
): Promise<ListResult<Rejection>> {
  const leadImport = await getImport(ctx, { params });
  const page = pageOf(query);
  let rows = selectRejections(ctx, params.id, query.outcome);
  if (page.cursor !== undefined) {
    const [, line, id] = /^(\d{1,15})\.(\d{1,18})$/.exec(page.cursor) ?? [];
    if (line === undefined) {
      throw new AppError("invalid_input", "The cursor is not from this list.", {
        errors: [{ field: "cursor", message: "Send next_cursor of the previous page unchanged." }],
      });
    }
    rows = rows.or(`line.gt.${line},and(line.eq.${line},id.gt.${id})`);
  }
  const first = page.cursor === undefined ? page.offset : 0;
  // Each row of the answer repeats the names of the columns: if these are long, fewer rows fit into it.
  const namesLength = JSON.stringify(leadImport.columns).length;
  const take = Math.min(page.limit, Math.max(1, Math.floor(MAX_ANSWER_BYTES / namesLength)));
  const found = dataOrThrow(await rows.range(first, first + take - 1));
  const last = found.length === take ? found.at(-1) : undefined;
  // The import's own counters agree with the rows, so nothing needs counting.
  const counts = {
    rejected: leadImport.rejected_rows,
    duplicate: leadImport.duplicate_rows,
    warning: leadImport.warning_count,
    kept: leadImport.kept_rows,
  };
  const all: Rejection["outcome"][] = ["rejected", "duplicate", "warning", "kept"];
  const outcomes = query.outcome?.length ? [...new Set(query.outcome)] : all;
  const total = outcomes.reduce<number>((sum, outcome) => sum + counts[outcome], 0);
  return {
    data: found.map(({ line, outcome, field, reason, lead_id, raw }) => ({
      line,
      outcome: outcome as Rejection["outcome"],
      field,
      reason,
      lead_id,
      row: Object.fromEntries(
        (raw as string[]).map((cell, i) => [leadImport.columns[i] ?? `column ${i + 1}`, cell]),
      ),
    })),
    pagination: pagination(page, total, { nextCursor: last ? `${last.line}.${last.id}` : null }),
  };
}
