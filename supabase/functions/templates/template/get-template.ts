// One template, with what is wrong with it by today's rules.
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import { AppError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { lintTemplate } from "./lint-template.ts";
import { type Template, type TemplateDetail, template } from "./schemas.ts";
import { TEMPLATE_COLUMNS } from "./select-template.ts";

/** @throws AppError not_found if the organisation has no such template */
export async function readTemplate({ db, user }: UserContext, id: string): Promise<Template> {
  const answer = await db
    .from("templates")
    .select(TEMPLATE_COLUMNS)
    .eq("org_id", user.orgId)
    .eq("id", id)
    .maybeSingle();
  const row = parseAnswer(answer, template.nullable());
  if (!row) throw new AppError("not_found", "There is no template with this id.", { id });
  return row;
}

/** @throws AppError not_found */
export async function getTemplate(
  ctx: UserContext,
  { params }: { params: { id: string } },
): Promise<TemplateDetail> {
  const row = await readTemplate(ctx, params.id);
  const { issues, gsm_safe } = await lintTemplate(ctx, { body: row });
  return { ...row, issues, gsm_safe };
}
