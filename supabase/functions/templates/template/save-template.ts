// Creates and changes templates.
import type { z } from "zod";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { getTemplate } from "./get-template.ts";
import type { restoreInput, TemplateDetail, templateChanges, templateInput } from "./schemas.ts";

type WithId = { params: { id: string } };

/** @throws AppError duplicate, invalid_state for too many, invalid_input with each issue that forbids the text */
export async function createTemplate(
  ctx: UserContext,
  { body }: { body: z.output<typeof templateInput> },
): Promise<TemplateDetail> {
  const id = dataOrThrow(
    await ctx.db.rpc("create_template", {
      p_input: body,
      ...(ctx.repeatKey && { p_repeat_key: ctx.repeatKey }),
    }),
  );
  return getTemplate(ctx, { params: { id } });
}

/** @throws AppError not_found, conflict if somebody changed it, duplicate, still_referenced, invalid_input */
export async function updateTemplate(
  ctx: UserContext,
  { params, body }: WithId & { body: z.output<typeof templateChanges> },
): Promise<TemplateDetail> {
  dataOrThrow(await ctx.db.rpc("update_template", { p_template_id: params.id, p_input: body }));
  return getTemplate(ctx, { params });
}

/** @throws AppError not_found, conflict, invalid_input if today's rules forbid the text */
export async function restoreTemplate(
  ctx: UserContext,
  { params, body }: WithId & { body: z.output<typeof restoreInput> },
): Promise<TemplateDetail> {
  dataOrThrow(
    await ctx.db.rpc("restore_template", {
      p_template_id: params.id,
      p_version: body.version,
      ...(body.expected_version && { p_expected_version: body.expected_version }),
    }),
  );
  return getTemplate(ctx, { params });
}

/** @throws AppError not_found, duplicate, invalid_state for too many, invalid_input if today's rules forbid the text */
export async function duplicateTemplate(
  ctx: UserContext,
  { params, body }: WithId & { body: { name?: string } },
): Promise<TemplateDetail> {
  const id = dataOrThrow(
    await ctx.db.rpc("duplicate_template", {
      p_template_id: params.id,
      ...(body.name && { p_name: body.name }),
    }),
  );
  return getTemplate(ctx, { params: { id } });
}

/** @throws AppError not_found, still_referenced if a campaign has no other text */
export async function archiveTemplate(ctx: UserContext, { params }: WithId): Promise<void> {
  dataOrThrow(await ctx.db.rpc("archive_template", { p_template_id: params.id, p_is_archived: true }));
}

/** @throws AppError not_found */
export async function unarchiveTemplate(ctx: UserContext, { params }: WithId): Promise<TemplateDetail> {
  dataOrThrow(await ctx.db.rpc("archive_template", { p_template_id: params.id, p_is_archived: false }));
  return getTemplate(ctx, { params });
}
