// Notes: what people of the organisation tell each other about a conversation. They are never sent.
import { z } from "zod";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import { AppError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { readConversation } from "../conversations/read-conversation.ts";
import { NOTE_COLUMNS, type Note, note, type noteChange, type noteInput } from "./schemas.ts";

interface ById {
  params: { id: string };
}

/** The newest thousand, which is all: a conversation may have no more. @throws AppError not_found */
export async function listNotes(ctx: UserContext, { params }: ById): Promise<Note[]> {
  await readConversation(ctx, { params });
  return parseAnswer(
    await ctx.db
      .from("conversation_notes")
      .select(NOTE_COLUMNS)
      .eq("org_id", ctx.user.orgId)
      .eq("conversation_id", params.id)
      .order("created_at", { ascending: false })
      .order("id", { ascending: false })
      .limit(1000),
    z.array(note),
  );
}

/** @throws AppError not_found, invalid_input for people of other organisations */
export async function addNote(
  ctx: UserContext,
  { params, body }: ById & { body: z.output<typeof noteInput> },
): Promise<Note> {
  const id = dataOrThrow(
    await ctx.db.rpc("add_note", {
      p_conversation_id: params.id,
      p_content: body.content,
      p_mentions: body.mentions,
    }),
  );
  return await selectNote(ctx, id);
}

/** @throws AppError not_found, forbidden for somebody else's note unless the caller is admin */
export async function changeNote(
  ctx: UserContext,
  { params, body }: ById & { body: z.output<typeof noteChange> },
): Promise<Note> {
  dataOrThrow(await ctx.db.rpc("change_note", { p_id: params.id, p_content: body.content }));
  return await selectNote(ctx, params.id);
}

/** @throws AppError not_found, forbidden for somebody else's note unless the caller is admin */
export async function deleteNote(ctx: UserContext, { params }: ById): Promise<void> {
  dataOrThrow(await ctx.db.rpc("delete_note", { p_id: params.id }));
}

async function selectNote({ db, user }: UserContext, id: string): Promise<Note> {
  const row = parseAnswer(
    await db
      .from("conversation_notes")
      .select(NOTE_COLUMNS)
      .eq("org_id", user.orgId)
      .eq("id", id)
      .maybeSingle(),
    note.nullable(),
  );
  if (!row) throw new AppError("not_found", "There is no note with this id.", { id });
  return row;
}
