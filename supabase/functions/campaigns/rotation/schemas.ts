// What the rotation of a campaign's texts looks like on the wire.
import { z } from "zod";
import { rate } from "../../_shared/http/rate.ts";

const count = z.number().int();

export const rotation = z.object({
  campaign_id: z.uuid(),
  rotation: z.enum(["even", "thompson"]),
  status: z
    .enum(["even", "not_started", "collecting", "learned", "ended"])
    .describe("collecting: texts are used by their weights until people_needed are counted in a step"),
  counts_from: z
    .string()
    .nullable()
    .describe("When the first people have had 48 hours to reply; null before the start and after the end"),
  next_look_at: z
    .string()
    .nullable()
    .describe("When it is next counted, and shares may change; null before the start and after the end"),
  steps: z.array(
    z.object({
      step: count,
      is_learned: z.boolean().describe("False: its texts are used by their weights"),
      people_counted: count
        .nullable()
        .describe("Who had 48 hours to reply to the active texts as they are now"),
      people_needed: count
        .nullable()
        .describe("How many must be counted before shares are learned: 100 for each active text"),
      looked_at: z.string().nullable().describe("When the shares were last learned"),
      texts: z.array(
        z.object({
          template_id: z.uuid(),
          number: count,
          name: z.string(),
          version: count,
          variant: z.string().nullable().describe("The variant whose people get it"),
          is_active: z.boolean(),
          share: z.number().describe("Percent of the people who are planned from now on"),
          best: z
            .number()
            .nullable()
            .describe(
              "The probability, in percent, that no other text of the step is better. Exploratory: to know that a text is " +
                "better, run an A/B test",
            ),
          reply_rate: rate.describe("Of the people who had 48 hours to reply to this version"),
        }),
      ),
    }),
  ),
});
export type Rotation = z.output<typeof rotation>;
