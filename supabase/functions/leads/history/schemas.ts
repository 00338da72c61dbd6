// What the history of a lead looks like on the wire.
import { z } from "zod";
import { pageFields } from "../../_shared/http/pagination.ts";

export const ENTRY_TYPES = ["status", "score", "sent", "reply", "consent", "merge"] as const;

export const historyQuery = z.strictObject({
  limit: pageFields.limit,
  cursor: pageFields.cursor,
  type: z.array(z.enum(ENTRY_TYPES)).optional().describe("Only these"),
});

export const historyEntry = z.object({
  id: z.uuid(),
  at: z.string(),
  type: z.enum(ENTRY_TYPES),
  from: z.string().optional().describe("status, score: what it was"),
  to: z.string().optional().describe("status, score: what it became"),
  cause: z
    .string()
    .optional()
    .describe(
      "status, score: manual or bulk by a person; sent, reply, keyword, opt_out, wrong_number by messages; import, merge, system",
    ),
  user_id: z.uuid().optional().describe("Who did it, where a person did"),
  message_id: z.uuid().optional().describe("The message it follows from, or that it is"),
  phone: z.string().optional().describe("sent, reply, consent: the lead's phone, E.164"),
  kind: z.string().optional().describe("sent: campaign, reply or auto_reply"),
  status: z.string().optional().describe("sent: of the message; consent: granted or revoked"),
  sent_at: z.string().optional(),
  classification: z.string().optional().describe("reply: stop, start, help, wrong_number or reply"),
  campaign_id: z.uuid().optional(),
  content: z.string().optional(),
  method: z.string().optional().describe("consent: keyword, import, form, manual or carrier"),
  evidence: z.string().optional().describe("consent: in which words"),
  merged: z.array(z.uuid()).optional().describe("merge: the leads that became part of this one"),
});
