// Quick responses: answers that are written once and used often.
import { z } from "zod";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import { AppError, validationError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { compileTemplate } from "../../_shared/sms/compile-template.ts";
import {
  QUICK_RESPONSE_COLUMNS,
  type QuickResponse,
  quickResponse,
  type quickResponseChanges,
  type quickResponseInput,
} from "./schemas.ts";

interface ById {
  params: { id: string };
}

/** Shared ones and one's own, by category and title: at most 500. */
export async function listQuickResponses({ db, user }: UserContext): Promise<QuickResponse[]> {
  return parseAnswer(
    await db
      .from("quick_responses")
      .select(QUICK_RESPONSE_COLUMNS)
      .eq("org_id", user.orgId)
      .order("category")
      .order("title")
      .order("id"),
    z.array(quickResponse),
  );
}

/** @throws AppError forbidden for a shared one below campaign_manager, duplicate for a shortcut that is taken, invalid_input */
export async function createQuickResponse(
  ctx: UserContext,
  { body }: { body: z.output<typeof quickResponseInput> },
): Promise<QuickResponse> {
  checkVariables(body.content);
  return await selectQuickResponse(
    ctx,
    dataOrThrow(await ctx.db.rpc("save_quick_response", { p_input: body })),
  );
}

/** @throws AppError not_found, forbidden, duplicate, invalid_input */
export async function updateQuickResponse(
  ctx: UserContext,
  { params, body }: ById & { body: z.output<typeof quickResponseChanges> },
): Promise<QuickResponse> {
  checkVariables(body.content ?? "");
  dataOrThrow(await ctx.db.rpc("save_quick_response", { p_input: body, p_id: params.id }));
  return await selectQuickResponse(ctx, params.id);
}

/** @throws AppError not_found, forbidden */
export async function deleteQuickResponse(ctx: UserContext, { params }: ById): Promise<void> {
  dataOrThrow(await ctx.db.rpc("delete_quick_response", { p_id: params.id }));
}

/** A text whose variables can't be read is refused here, not when somebody wants to answer with it. */
function checkVariables(content: string): void {
  const compiled = compileTemplate(content);
  if (!compiled.ok)
    throw validationError(compiled.problems.map(({ message }) => ({ field: "content", message })));
}

async function selectQuickResponse({ db, user }: UserContext, id: string): Promise<QuickResponse> {
  const row = parseAnswer(
    await db
      .from("quick_responses")
      .select(QUICK_RESPONSE_COLUMNS)
      .eq("org_id", user.orgId)
      .eq("id", id)
      .maybeSingle(),
    quickResponse.nullable(),
  );
  if (!row) throw new AppError("not_found", "There is no quick response with this id.", { id });
  return row;
}
