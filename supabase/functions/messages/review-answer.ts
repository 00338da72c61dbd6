// Records what a person says that an answer means, and acts on it.
import type { z } from "zod";
import { dataOrThrow } from "../_shared/db/data-or-throw.ts";
import { parseAnswer } from "../_shared/db/parse-answer.ts";
import type { UserContext } from "../_shared/http/context.ts";
import { MESSAGE_COLUMNS, message, type review } from "./schemas.ts";

/**
 * @returns the message as it is now
 * @throws AppError not_found, invalid_state if the message is none that a person wrote
 */
export async function reviewAnswer(
  { db, user }: UserContext,
  { params, body }: { params: { id: string }; body: z.output<typeof review> },
): Promise<z.output<typeof message>> {
  dataOrThrow(await db.rpc("review_answer", { p_message_id: params.id, p_class: body.class }));
  return parseAnswer(
    await db.from("messages").select(MESSAGE_COLUMNS).eq("org_id", user.orgId).eq("id", params.id).single(),
    message,
  );
}
