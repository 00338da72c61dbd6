// Labels of conversations.
import { z } from "zod";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import { AppError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { LABEL_COLUMNS, type Label, label, type labelChanges, type labelInput } from "./schemas.ts";

interface ById {
  params: { id: string };
}

export async function listLabels({ db, user }: UserContext): Promise<Label[]> {
  return parseAnswer(
    await db.from("labels").select(LABEL_COLUMNS).eq("org_id", user.orgId).order("name").order("id"),
    z.array(label),
  );
}

/** @throws AppError duplicate for a name that is taken, invalid_state if there are 100 */
export async function createLabel(
  ctx: UserContext,
  { body }: { body: z.output<typeof labelInput> },
): Promise<Label> {
  return await selectLabel(ctx, dataOrThrow(await ctx.db.rpc("save_label", { p_input: body })));
}

/** @throws AppError not_found, duplicate */
export async function updateLabel(
  ctx: UserContext,
  { params, body }: ById & { body: z.output<typeof labelChanges> },
): Promise<Label> {
  dataOrThrow(await ctx.db.rpc("save_label", { p_input: body, p_id: params.id }));
  return await selectLabel(ctx, params.id);
}

/** @throws AppError not_found */
export async function deleteLabel(ctx: UserContext, { params }: ById): Promise<void> {
  dataOrThrow(await ctx.db.rpc("delete_label", { p_id: params.id }));
}

async function selectLabel({ db, user }: UserContext, id: string): Promise<Label> {
  const row = parseAnswer(
    await db.from("labels").select(LABEL_COLUMNS).eq("org_id", user.orgId).eq("id", id).maybeSingle(),
    label.nullable(),
  );
  if (!row) throw new AppError("not_found", "There is no label with this id.", { id });
  return row;
}
