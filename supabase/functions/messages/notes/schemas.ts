// What notes look like on the wire.
import { z } from "zod";
import { text } from "../../_shared/http/one-line.ts";

export const NOTE_COLUMNS =
  "id, conversation_id, author_id, content, mentions, created_at, updated_at, deleted_at";

export const note = z.object({
  id: z.uuid(),
  conversation_id: z.uuid(),
  author_id: z.uuid().nullable(),
  content: z.string(),
  mentions: z.array(z.uuid()).describe("People of the organisation"),
  created_at: z.string(),
  updated_at: z.string(),
  deleted_at: z.string().nullable().describe("Its words are gone; that there was a note stays"),
});
export type Note = z.output<typeof note>;

export const noteInput = z.strictObject({
  content: text(1, 4000),
  mentions: z.array(z.uuid()).max(10).default([]),
});
export const noteChange = z.strictObject({ content: text(1, 4000) });
