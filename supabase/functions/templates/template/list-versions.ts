// Every text that a template ever had, newest first.
import type { z } from "zod";
import { longList, parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { pageOf, pagination } from "../../_shared/http/pagination.ts";
import type { ListResult } from "../../_shared/http/responses.ts";
import { readTemplate } from "./get-template.ts";
import { templateVersion } from "./schemas.ts";

/** @throws AppError not_found */
export async function listVersions(
  ctx: UserContext,
  { params, query }: { params: { id: string }; query: { page?: number; limit: number; skip?: number } },
): Promise<ListResult<z.output<typeof templateVersion>>> {
  await readTemplate(ctx, params.id);
  const page = pageOf(query);
  const answer = await ctx.db
    .from("template_versions")
    .select("version, content, worst_segments, created_at", { count: "exact" })
    .eq("org_id", ctx.user.orgId)
    .eq("template_id", params.id)
    .order("version", { ascending: false })
    .range(page.offset, page.offset + page.limit - 1);
  return {
    data: parseAnswer(answer, longList(templateVersion)),
    pagination: pagination(page, answer.count ?? 0),
  };
}
