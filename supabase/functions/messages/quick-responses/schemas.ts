// What quick responses look like on the wire.
import { z } from "zod";
import { exactText, oneLine } from "../../_shared/http/one-line.ts";
import { LANGUAGES, LEAD_STATUSES } from "../../_shared/leads/lead-values.ts";

export const QUICK_RESPONSE_COLUMNS =
  "id, number, owner_id, category, title, shortcut, language, content, label_ids, set_status, media_id, created_at, updated_at";

export const quickResponse = z.object({
  id: z.uuid(),
  number: z.number().int().describe("A short number of its own"),
  owner_id: z.uuid().nullable().describe("Whose own it is; null: shared by everybody"),
  category: z.string(),
  title: z.string(),
  shortcut: z.string().nullable(),
  language: z.enum(LANGUAGES).nullable(),
  content: z.string(),
  label_ids: z.array(z.uuid()).describe("Labels that the conversation gets with the answer"),
  set_status: z.enum(LEAD_STATUSES).nullable().describe("What the lead becomes with the answer"),
  media_id: z.uuid().nullable().describe("A picture that goes with the answer"),
  created_at: z.string(),
  updated_at: z.string(),
});
export type QuickResponse = z.output<typeof quickResponse>;

export const quickResponseInput = z.strictObject({
  is_shared: z.boolean().optional().describe("Shared ones need campaign_manager; false if left out"),
  category: oneLine(50).optional(),
  title: oneLine(100),
  shortcut: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]{0,29}$/, "must be up to 30 small letters, digits, - and _.")
    .nullable()
    .optional(),
  language: z.enum(LANGUAGES).nullable().optional(),
  content: exactText(10_000).describe("1 to 1,600 characters, with variables such as {first_name}"),
  label_ids: z.array(z.uuid()).max(10).optional(),
  set_status: z.enum(LEAD_STATUSES).nullable().optional(),
  media_id: z
    .uuid()
    .nullable()
    .optional()
    .describe("An uploaded picture (POST /messages/media), kept as long as the quick response has it"),
});
export const quickResponseChanges = quickResponseInput.partial();
