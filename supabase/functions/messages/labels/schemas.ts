// What labels look like on the wire.
import { z } from "zod";
import { oneLine } from "../../_shared/http/one-line.ts";

export const LABEL_COLUMNS = "id, name, color, lead_tag, created_at, updated_at";

export const label = z.object({
  id: z.uuid(),
  name: z.string(),
  color: z.string().nullable(),
  lead_tag: z.string().nullable().describe("A tag that the lead gets with the label"),
  created_at: z.string(),
  updated_at: z.string(),
});
export type Label = z.output<typeof label>;

export const labelInput = z.strictObject({
  name: oneLine(50),
  color: z
    .string()
    .regex(/^#[0-9a-fA-F]{6}$/, "must be a colour such as #1a2b3c.")
    .nullable()
    .optional(),
  lead_tag: z
    .string()
    .regex(/^[A-Z0-9+-]{1,40}$/, "must be capital letters, digits, + and -, 40 at most.")
    .nullable()
    .optional(),
});
export const labelChanges = labelInput.partial();
