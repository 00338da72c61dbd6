// What the rotation of a campaign's texts looks like on the wire.
import { z } from "zod";
import { rate } from "../../_shared/http/rate.ts";

const count = z.number().int();

export const rotation = z.object({
  campaign_id: z.uuid(),
  rotation: z.enum(["even", "thompson"]),
  next_look_at: z
    .string()
    .nullable()
    .describe("When shares are chosen anew; null if the campaign has ended, or its rotation is even"),
  steps: z.array(
    z.object({
      step: count,
      is_learned: z.boolean().describe("False: its texts are used by their weights"),
      people_needed: count.describe("How many must have had 48 hours to reply before shares are learned"),
      looked_at: z.string().nullable().describe("When the shares were last learned"),
      texts: z.array(
        z.object({
          template_id: z.uuid(),
          number: count,
          name: z.string(),
          version: count,
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
