// What the A/B test of a campaign looks like on the wire.
import { z } from "zod";
import { instant } from "../../_shared/http/instant.ts";
import { oneLine } from "../../_shared/http/one-line.ts";
import { rate } from "../../_shared/http/rate.ts";

const count = z.number().int();
const settings = {
  metric: z
    .enum(["replied", "interested"])
    .describe("What the variants are compared by, within maturity_hours of the first text"),
  alpha: z
    .number()
    .min(0.001)
    .max(0.2)
    .describe("The chance that equal texts get a winner, however often one looks"),
  maturity_hours: count.min(1).max(336).describe("Who was sent a text less long ago does not count yet"),
  min_per_arm: count.min(50).max(1_000_000).describe("No winner before so many people of each variant count"),
  tuning_n: count
    .min(100)
    .max(10_000_000)
    .describe("For how many people of two variants the interval is tightest"),
  test_percent: count
    .min(1)
    .max(100)
    .describe(
      "The share of the audience that takes part; fixed once it is built. The others wait for the winner",
    ),
  decides: z.enum(["person", "auto"]).describe("Who promotes a winner"),
};

export const testInput = z.strictObject({
  metric: settings.metric,
  alpha: settings.alpha.default(0.05),
  maturity_hours: settings.maturity_hours.default(48),
  min_per_arm: settings.min_per_arm.default(200),
  tuning_n: settings.tuning_n.default(5000),
  test_percent: settings.test_percent.default(100),
  decides: settings.decides.default("person"),
  deadline: instant.optional().describe("30 days ahead by default, 90 at most"),
});

export const looksAsked = z.strictObject({
  looks: z.coerce.number().int().min(0).max(1000).default(100).describe("How many, the newest"),
});

export const promotion = z.strictObject({ variant: oneLine(40).describe("The name of the variant") });

export const look = z.object({
  looked_at: z.string(),
  arms: z.array(
    z.object({
      variant: z.string(),
      share: count,
      assigned: count,
      sent: count,
      counted: count.describe("Of those who were sent their first text, who was sent it long enough ago"),
      under_way: count,
      waiting: count,
      excluded: z.record(z.string(), count).describe("Left out when their text was planned, by reason"),
      replied: rate,
      interested: rate,
      opted_out: rate,
    }),
  ),
  comparisons: z
    .array(
      z.object({
        variant: z.string(),
        other: z.string(),
        difference: z.number().nullable(),
        low: z.number().nullable(),
        high: z.number().nullable(),
      }),
    )
    .describe("The best variant against each other, in points, with the interval that decides"),
  obstacles: z
    .array(z.enum(["too_few_people", "too_few_answers", "too_close", "opt_outs", "sample_ratio"]))
    .describe("What stood against a winner"),
  sample_ratio: z
    .number()
    .nullable()
    .describe(
      "The probability that variants differ from their shares as much by chance; under 0.001 is invalid",
    ),
  winner: z.string().nullable(),
});

export const test = z.object({
  campaign_id: z.uuid(),
  ...settings,
  deadline: z.string(),
  status: z
    .enum(["running", "won", "no_winner", "invalid", "ended"])
    .describe("ended: a person promoted a variant or ended the test before it was decided"),
  winner: z.string().nullable(),
  decided_at: z.string().nullable(),
  cause: z.string().nullable().describe("The likely cause why it is invalid"),
  held: count.describe("How many people were kept back when the audience was built"),
  promoted: z.string().nullable(),
  promoted_at: z.string().nullable(),
  promoted_by: z.uuid().nullable(),
  moving: z.boolean().describe("People who wait are still being given their variant"),
  next_look_at: z.string().nullable(),
  looks: z.array(look).describe("The newest first; a look that counts nobody more is not kept"),
});
export type Test = z.output<typeof test>;

export const sizeInput = z.strictObject({
  baseline: z.number().min(0.1).max(90).describe("The rate that you expect, in percent"),
  difference: z.number().min(0.05).max(50).describe("How much better a text would have to be, in points"),
  opt_out_rate: z.number().min(0).max(20).default(1).describe("Percent"),
  arms: count.min(2).max(10).optional().describe("By default those of the campaign, else 2"),
  alpha: settings.alpha.optional(),
  tuning_n: settings.tuning_n.optional(),
  min_per_arm: settings.min_per_arm.optional(),
  campaign_id: z.uuid().optional().describe("Says too how many wait, and how long its pace takes"),
});

export const size = z.object({
  arms: count,
  people_per_arm: count.nullable().describe("The most of what follows; null if no number is enough"),
  people: count.nullable(),
  for_difference: count.nullable().describe("To find the difference in four of five tests"),
  for_answers: count.describe("For 30 answers in each variant"),
  for_opt_outs: count.nullable().describe("To show that opt-outs are not half a point more"),
  waiting: count.nullable().describe("Null before the audience is built"),
  days_to_send: count
    .nullable()
    .describe("On which day of the forecast so many are sent; null if not within 30"),
  maturity_hours: count.describe("How long after that the last of them count"),
});
