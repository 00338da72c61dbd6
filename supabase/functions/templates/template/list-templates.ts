// The templates of an organisation, newest first.
import { longList, parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { decodeKeyset, encodeKeyset } from "../../_shared/http/keyset.ts";
import { pageOf, pagination } from "../../_shared/http/pagination.ts";
import type { ListResult } from "../../_shared/http/responses.ts";
import type { Language } from "../../_shared/sms/variables.ts";
import type { Category } from "./categories.ts";
import { type Template, template } from "./schemas.ts";
import { TEMPLATE_COLUMNS } from "./select-template.ts";

export interface ListTemplatesQuery {
  page?: number;
  limit: number;
  skip?: number;
  cursor?: string;
  category?: Category[];
  language?: Language;
  active?: boolean;
  archived: boolean;
  search?: string;
}

/** @param query `search` is part of a name or text, in any case */
export async function listTemplates(
  { db, user }: UserContext,
  { query }: { query: ListTemplatesQuery },
): Promise<ListResult<Template>> {
  const page = pageOf(query);
  let rows = db
    .from("templates")
    .select(TEMPLATE_COLUMNS, { count: "exact" })
    .eq("org_id", user.orgId)
    .order("created_at", { ascending: false })
    .order("id", { ascending: false });
  rows = query.archived ? rows.not("archived_at", "is", null) : rows.is("archived_at", null);
  if (query.category?.length) rows = rows.in("category", query.category);
  if (query.language) rows = rows.eq("language", query.language);
  if (query.active !== undefined) rows = rows.eq("is_active", query.active);
  if (query.search) rows = rows.ilike("words", `%${query.search.replace(/[\\%_]/g, "\\$&")}%`);
  if (page.cursor) {
    const { createdAt, id } = decodeKeyset(page.cursor);
    rows = rows.or(`created_at.lt."${createdAt}",and(created_at.eq."${createdAt}",id.lt.${id})`);
  }
  const first = page.cursor ? 0 : page.offset;
  const answer = await rows.range(first, first + page.limit - 1);
  const templates = parseAnswer(answer, longList(template));
  const last = templates.length === page.limit ? templates.at(-1) : undefined;
  return {
    data: templates,
    pagination: pagination(page, answer.count ?? 0, {
      nextCursor: last ? encodeKeyset({ createdAt: last.created_at, id: last.id }) : null,
    }),
  };
}
