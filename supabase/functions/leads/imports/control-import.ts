// Pauses, resumes, cancels and undoes imports. Each answers when the chunk in flight is done.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { getImport } from "./get-import.ts";
import type { LeadImport } from "./schemas.ts";

type Control = "pause_import" | "resume_import" | "cancel_import" | "undo_import";

/**
 * Makes the use case of one control.
 * @throws AppError not_found, invalid_state if the import's status does not allow it
 */
export function controlImport(control: Control) {
  return async (ctx: UserContext, { params }: { params: { id: string } }): Promise<LeadImport> => {
    dataOrThrow(await ctx.db.rpc(control, { p_import_id: params.id }));
    return getImport(ctx, { params });
  };
}
