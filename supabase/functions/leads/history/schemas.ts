// What the history of a lead looks like on the wire.
import { z } from "zod";
import { pageFields } from "../../_shared/http/pagination.ts";

export const ENTRY_TYPES = ["status", "score", "sent", "reply", "consent", "merge"] as const;

export const historyQuery = z.strictObject({
  limit: pageFields.limit,
  cursor: pageFields.cursor,
  type: z.array(z.enum(ENTRY_TYPES)).optional().describe("Only entries of these types"),
});

export const historyEntry = z.object({
  id: z.uuid(),
  at: z.string(),
  type: z.enum(ENTRY_TYPES),
  from: z.string().optional().describe("status, score: the value before"),
  to: z.string().optional().describe("status, score: the value after"),
  cause: z
    .string()
    .optional()
    .describe(
      "status, score: manual or bulk if a person did it; sent, reply, keyword, opt_out or wrong_number if a message did; otherwise import, merge or system",
    ),
  user_id: z.uuid().optional().describe("Who did it, if a person did"),
  message_id: z.uuid().optional().describe("The message that caused the entry, or that the entry is about"),
  phone: z.string().optional().describe("sent, reply, consent: the lead's phone, E.164"),
  kind: z.string().optional().describe("sent: campaign, reply or auto_reply"),
  status: z.string().optional().describe("sent: the message's status; consent: granted or revoked"),
  sent_at: z.string().optional(),
  classification: z
    .string()
    .optional()
    .describe("reply: what the text means, such as stop, wrong_number, interested or reply"),
  campaign_id: z.uuid().optional(),
  content: z.string().optional(),
  method: z.string().optional().describe("consent: keyword, import, form, manual or carrier"),
  evidence: z.string().optional().describe("consent: the wording that proves it"),
  merged: z.array(z.uuid()).optional().describe("merge: the leads that became part of this one"),
});
