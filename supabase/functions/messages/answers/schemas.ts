// What answers look like on the wire.
import { z } from "zod";
import { exactText } from "../../_shared/http/one-line.ts";
import { LEAD_STATUSES } from "../../_shared/leads/lead-values.ts";
import { message } from "../text/schemas.ts";

export const answerInput = z
  .strictObject({
    content: exactText(10_000)
      .optional()
      .describe("The text, sent literally: 1 to 1,600 characters; braces are no variables"),
    quick_response_id: z
      .uuid()
      .optional()
      .describe("In place of content: a quick response, whose variables get the lead's values"),
    seen_version: z
      .number()
      .int()
      .min(0)
      .optional()
      .describe("The version of the conversation that you saw: if others wrote since, nothing is sent (409)"),
    force: z
      .boolean()
      .optional()
      .describe("Send although others wrote meanwhile, or are writing; it is recorded"),
    send_at: z.iso
      .datetime({ offset: true })
      .optional()
      .describe("Not before this time, within seven days; a text of the person cancels it"),
    media_ids: z.array(z.uuid()).max(10).optional().describe("Pictures that were uploaded; 5 MiB together"),
    keep_if_answered: z.boolean().optional().describe("Send it at that time even if the person writes first"),
    add_label_ids: z
      .array(z.uuid())
      .max(20)
      .optional()
      .describe("Labels for the conversation, with the answer"),
    lead_status: z.enum(LEAD_STATUSES).optional().describe("What the lead becomes, with the answer"),
    archive: z.boolean().optional().describe("Archive the conversation, with the answer"),
  })
  .refine(({ content, quick_response_id }) => (content === undefined) !== (quick_response_id === undefined), {
    path: ["content"],
    message: "Give content, or quick_response_id in its place.",
  });

export const scheduledText = z.object({
  id: z.uuid().describe("The id that its message will have"),
  conversation_id: z.uuid(),
  author_id: z.uuid().nullable(),
  content: z.string().nullable(),
  not_before: z.string(),
  keep_if_answered: z.boolean(),
  state: z.enum(["waiting", "sent", "canceled", "failed"]),
  reason: z.string().nullable().describe("Why it was canceled or could not be sent"),
  created_at: z.string(),
  updated_at: z.string(),
});

export const thread = z.object({
  messages: z.array(message).describe("Newest first, with the texts that campaigns sent to the phone"),
  scheduled: z.array(scheduledText).describe("Answers that wait for their time"),
  version: z.number().int().describe("Send it as seen_version with an answer"),
  next_cursor: z.string().nullable().describe("The cursor of the next page; null at the end"),
});

export const answered = z.object({
  id: z.uuid(),
  deduplicated: z.boolean().describe("Whether this answer was asked for before, and this is that one"),
  not_before: z.string().nullable().describe("When it is sent, if it waits; else null"),
  message: message.nullable().describe("Null while it waits"),
  scheduled: scheduledText
    .nullable()
    .describe("Null if it is on its way; state says whether it waits, was canceled or failed"),
});
