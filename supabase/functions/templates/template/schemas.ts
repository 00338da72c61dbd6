// What templates look like on the wire.
import { z } from "zod";
import { exactText, oneLine } from "../../_shared/http/one-line.ts";
import { LANGUAGES } from "../../_shared/leads/lead-values.ts";
import { CATEGORIES, CATEGORY_NAMES, toCategory } from "./categories.ts";

export const category = z
  .enum(CATEGORY_NAMES)
  .transform(toCategory)
  .describe("initial_outreach means initial, follow_up means followup");
export const language = z.enum(LANGUAGES);
const count = z.number().int();
const version = count.min(1).max(1_000_000_000);

/** A text as people write it: the database reads, judges and stores it in one form. */
export const content = exactText(4000).describe(
  "{first_name} or {{firstName}} for a variable, {first_name|neighbour} to give a fallback",
);

const fields = {
  name: oneLine(200),
  category,
  language,
  content,
  is_active: z.boolean().describe("Whether campaigns, or answers to STOP and HELP, use it"),
};
export const templateInput = z.strictObject({ ...fields, is_active: fields.is_active.default(true) });
export const templateChanges = z
  .strictObject({
    ...fields,
    expected_version: version.describe("Refuse with 409 if it has another version by now"),
  })
  .partial()
  .refine(({ expected_version: _seen, ...changes }) => Object.keys(changes).length > 0, {
    message: "Give at least one field to change.",
  });
export const restoreInput = z.strictObject({ version, expected_version: version.optional() });
export const lintInput = z.strictObject({ content, category, language });

export const issue = z.object({
  code: z.string().describe("A stable word, such as missing_opt_out"),
  severity: z.enum(["error", "warning"]).describe("An error forbids saving the text"),
  message: z.string(),
  remedy: z.string(),
  position: count.nullable().describe("Where it begins in the text, from 0; null if nowhere in particular"),
});

export const gsmSafe = z
  .object({ text: z.string(), segments: count, remaining: z.array(z.string()) })
  .describe("The text spelt in GSM-7, its segments, and characters that a person has to remove");

const measured = {
  content: z.string().describe("As it is stored: variables as {first_name}"),
  variables: z.array(z.string()),
  required_variables: z.array(z.string()).describe("It is not sent to a lead that lacks one of them"),
  encoding: z.enum(["GSM-7", "UCS-2"]),
  worst_segments: count.describe("The most segments it can take: planning charges these"),
};
export const template = z.object({
  id: z.uuid(),
  number: count.describe("A short number beside the id, for programs whose ids are numbers"),
  name: z.string(),
  category: z.enum(CATEGORIES),
  language,
  ...measured,
  version: count.describe("Rises with each change of the text"),
  is_active: z.boolean(),
  archived_at: z.string().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
});
export type Template = z.output<typeof template>;

export const templateDetail = template.extend({
  issues: z.array(issue).describe("By today's rules and brand"),
  gsm_safe: gsmSafe.nullable().describe("Null if the text is in GSM-7 already"),
});
export type TemplateDetail = z.output<typeof templateDetail>;

/** What the database says of a text. */
export const checked = z.object({ ...measured, issues: z.array(issue), ok: z.boolean() });
export const lintAnswer = checked.extend({ gsm_safe: gsmSafe.nullable() });

export const templateVersion = z.object({
  version: count,
  content: z.string(),
  worst_segments: count,
  created_at: z.string(),
});

/** Values by any spelling of a variable. */
const values = z
  .record(oneLine(60), oneLine(500, 0))
  .refine((given) => Object.keys(given).length <= 50, "must have at most 50 entries.")
  .describe("Values by variable, such as {first_name: Ana}; they win over the lead's");
export const previewInput = z.strictObject({ lead_id: z.guid().optional(), values: values.optional() });
export const textPreviewInput = previewInput.extend({
  content,
  category: category.default("initial"),
  language,
});

export const preview = z.object({
  text: z.string().nullable().describe("Exactly what would be sent; null if a variable has no value"),
  encoding: z.enum(["GSM-7", "UCS-2"]).nullable(),
  segments: count.nullable(),
  characters: count.nullable().describe("In the units of the encoding"),
  cost: z.number().nullable().describe("Estimated US dollars, by the organisation's price of a segment"),
  gsm_safe: gsmSafe.nullable(),
  missing: z.array(z.string()).describe("Variables that have neither value nor fallback"),
  fallbacks: z.record(z.string(), z.string()).describe("What stands for variables that have no value"),
});
export type Preview = z.output<typeof preview>;
