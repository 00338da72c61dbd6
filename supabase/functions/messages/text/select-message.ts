// Reads one message as the API shows it.
import type { z } from "zod";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import { AppError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { MESSAGE_COLUMNS, message } from "./schemas.ts";

/** @throws AppError not_found */
export async function selectMessage(
  { db, user }: UserContext,
  id: string,
): Promise<z.output<typeof message>> {
  const row = parseAnswer(
    await db
      .from("messages")
      .select(MESSAGE_COLUMNS)
      .eq("org_id", user.orgId)
      .eq("id", id)
      .neq("kind", "code")
      .order("ordinal", { referencedTable: "media" })
      .maybeSingle(),
    message.nullable(),
  );
  if (!row) throw new AppError("not_found", "There is no message with this id.", { id });
  return row;
}
