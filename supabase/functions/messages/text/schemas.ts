// What messages look like on the wire.
import { z } from "zod";
import { Constants } from "../../_shared/db/database.types.ts";
import { exactText, oneLine } from "../../_shared/http/one-line.ts";
import { media } from "../media/schemas.ts";

export const MESSAGE_STATUSES = Constants.public.Enums.message_status;

export const resolution = z.strictObject({
  action: z
    .enum(["retry", "assume_sent"])
    .describe("retry: send it again. assume_sent: treat it as sent, with its delivery unconfirmed."),
});
export const campaignResolution = resolution.extend({ campaign_id: z.uuid() });

export const MESSAGE_COLUMNS =
  "id, kind, direction, campaign_id, conversation_id, conversation_version, lead_id, author_id, from_number, to_number, content, status, error_code, " +
  "error_message, segments, cost, classification, class_rule, class_phrase, class_version, holds, reviewed_as, reviewed_at, " +
  "needs_attention, sent_at, created_at, updated_at, media:message_media(id, ordinal, state, reason, content_type, bytes)";

export const review = z.strictObject({
  class: z
    .enum([
      "stop",
      "wrong_number",
      "deceased",
      "interested",
      "question",
      "not_interested",
      "reply",
      "automatic",
    ])
    .describe(
      "What the text means: stop opts the person out, wrong_number and deceased end what waits for the phone.",
    ),
});

export const directText = z
  .strictObject({
    to: oneLine(60).optional().describe("A phone of a lead, in any common US format"),
    lead_id: z
      .uuid()
      .optional()
      .describe("The lead; its first phone that may be written to, unless to names one"),
    body: exactText(10_000).describe(
      "The text, sent literally: 1 to 1,600 characters; braces are no variables",
    ),
  })
  .refine(({ to, lead_id }) => to !== undefined || lead_id !== undefined, {
    path: ["to"],
    message: "Give to, a phone of a lead, or lead_id.",
  });

export const message = z.object({
  id: z.uuid(),
  kind: z.enum(["campaign", "reply", "auto_reply", "inbound", "test", "direct"]),
  direction: z.enum(["inbound", "outbound"]),
  campaign_id: z.uuid().nullable(),
  conversation_id: z.uuid().nullable(),
  conversation_version: z
    .number()
    .int()
    .nullable()
    .describe("The version of its conversation that began with it; null for texts of campaigns and machines"),
  lead_id: z.uuid().nullable(),
  author_id: z.uuid().nullable().describe("Who wrote it, if a person of the organisation did"),
  from_number: z.string(),
  to_number: z.string(),
  content: z.string().nullable().describe("Null until it is rendered for sending"),
  status: z.enum(MESSAGE_STATUSES),
  error_code: z.number().int().nullable(),
  error_message: z.string().nullable(),
  segments: z.number().int().nullable().describe("Null until it is posted"),
  cost: z.number().nullable().describe("Estimated US dollars; null until Twilio accepted it"),
  classification: z
    .string()
    .nullable()
    .describe(
      "What a person's text means: stop, start, help, wrong_number, deceased, review, interested, question, not_interested, reply, " +
        "liked, disliked, reaction or automatic",
    ),
  class_rule: z.string().nullable().describe("The rule that decided it"),
  class_phrase: z.string().nullable().describe("The words that matched the rule"),
  class_version: z.number().int().nullable().describe("The version of the rules"),
  holds: z.boolean().describe("Campaigns wait for this person until somebody has read the text"),
  reviewed_as: z.string().nullable().describe("What a person says it means"),
  reviewed_at: z.string().nullable(),
  needs_attention: z.string().nullable().describe("What a person must look at"),
  sent_at: z.string().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
  media: z.array(media).describe("Its pictures and files, in their order"),
});

export const sentText = message.extend({
  deduplicated: z.boolean().describe("Whether this text was asked for before, and this is that message"),
});
