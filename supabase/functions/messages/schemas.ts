// What messages look like on the wire.
import { z } from "zod";
import { Constants } from "../_shared/db/database.types.ts";

export const MESSAGE_STATUSES = Constants.public.Enums.message_status;

export const resolution = z.strictObject({
  action: z
    .enum(["retry", "assume_sent"])
    .describe("retry: send it again. assume_sent: take it for sent, its delivery unconfirmed."),
});
export const campaignResolution = resolution.extend({ campaign_id: z.uuid() });

export const message = z.object({
  id: z.uuid(),
  kind: z.enum(["campaign", "reply", "auto_reply", "inbound"]),
  direction: z.enum(["inbound", "outbound"]),
  campaign_id: z.uuid().nullable(),
  conversation_id: z.uuid().nullable(),
  lead_id: z.uuid().nullable(),
  from_number: z.string(),
  to_number: z.string(),
  content: z.string().nullable().describe("Null until it was rendered for sending"),
  status: z.enum(MESSAGE_STATUSES),
  error_code: z.number().int().nullable(),
  error_message: z.string().nullable(),
  segments: z.number().int().nullable(),
  needs_attention: z.string().nullable().describe("What a person must look at"),
  sent_at: z.string().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
});
