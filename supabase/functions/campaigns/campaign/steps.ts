// The steps of a campaign after its first text, on the wire.
import { z } from "zod";
import { oneLine } from "../../_shared/http/one-line.ts";

const id = z.guid();
const ids = z.array(id).min(1).max(200);
const count = z.number().int();

/** What can end the steps of a person. */
const STOP_WORDS = [
  "replied",
  "interested",
  "converted",
  "not_interested",
  "opted_out",
  "wrong_number",
  "do_not_contact",
] as const;

/** Templates are given as one list or as one list for each variant, never both. */
export const hasOneList = (input: { template_ids?: unknown; variants?: unknown }) =>
  !(input.template_ids && input.variants);
export const TWO_LISTS = {
  path: ["variants"],
  message: "Give template_ids or variants, not both: each variant lists its own.",
};

const stepInput = z
  .strictObject({
    kind: z
      .enum(["text", "next_phone"])
      .optional()
      .describe("text (default): to the same phone. next_phone: the first text to the lead's next phone"),
    wait_hours: count.min(1).max(1440).describe("Hours after the step before was sent, 60 days at most"),
    template_ids: ids
      .optional()
      .describe(
        "Its texts; by default every active one of its category, and for next_phone those of the first step",
      ),
    category: z
      .enum(["initial", "followup"])
      .optional()
      .describe("The category of its texts if it names none; default followup"),
    variants: z
      .array(z.strictObject({ name: oneLine(40), template_ids: ids }))
      .min(2)
      .max(10)
      .optional()
      .describe("Its texts for each of the campaign's variants; people keep theirs"),
    stop_on: z
      .array(z.enum(STOP_WORDS))
      .max(STOP_WORDS.length)
      .optional()
      .describe("What ends the steps of a person; only replied, interested and converted may be left out"),
  })
  .refine(hasOneList, TWO_LISTS);

export const stepsInput = z
  .array(stepInput)
  .max(8)
  .describe("What follows the first text, in this order: the first of them is step 2");

export const step = z.object({
  step: count.describe("2 to 9"),
  kind: z.enum(["text", "next_phone"]),
  wait_hours: count,
  stop_on: z.array(z.enum(STOP_WORDS)),
  template_ids: z
    .array(z.uuid())
    .describe("All its texts, of whichever variant; empty: those of the first step"),
  variants: z
    .array(z.object({ name: z.string(), template_ids: z.array(z.uuid()) }))
    .describe("Empty: the same texts for everybody"),
});

export const stepFigures = z.object({
  step: count,
  targets: count.describe("People who have come to this step and were not excluded"),
  waiting: count.describe("Waiting, queued or being sent, or of unknown outcome"),
  sent: count,
  delivered: count,
  failed: count,
  replied: count.describe("People whose first answer came after this step"),
  opted_out: count,
  stopped: count.describe("Canceled, mostly because the person answered"),
});
