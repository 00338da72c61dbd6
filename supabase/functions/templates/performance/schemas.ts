// How well texts work, on the wire.
import { z } from "zod";
import { rate } from "../../_shared/http/rate.ts";

const count = z.number().int();
const rates = {
  sent: count,
  segments: count,
  cost: z.number().describe("Estimated US dollars"),
  delivery_rate: rate.describe("Delivered of the sent"),
  confirmed_rate: rate.describe("Delivered of those whose delivery is known"),
  filtered_rate: rate.describe("Filtered by carriers, of the sent"),
  response_rate: rate.describe("Who wrote anything within 14 days, of the reached"),
  reply_rate: rate.describe(
    "Who replied within 14 days, of the reached; STOP, HELP and wrong numbers are no replies",
  ),
  interest_rate: rate.describe("Who is interested, of those who replied"),
  opt_out_rate: rate.describe("Who opted out, of the sent"),
  wrong_number_rate: rate.describe("Who said it is a wrong number, of the reached"),
};
const pooled = z
  .object({
    campaigns: count.describe("Campaigns in which other texts were sent, too"),
    ratio: z.number().nullable().describe("Its reply rate over that of the others; 1: alike"),
    low: z.number().nullable(),
    high: z.number().nullable(),
    p: z.number().nullable().describe("The chance of such a difference between texts that are alike"),
  })
  .nullable()
  .describe("Compared with the other texts of the same campaigns, pooled; null if there are none");

export const performanceRange = z.strictObject({
  from: z.iso.date().optional().describe("The first day; 90 days before `to` by default"),
  to: z.iso.date().optional().describe("The day after the last; tomorrow by default. 800 days at most"),
});

const range = { from: z.string(), to: z.string() };
export const templatePerformance = z.object({
  ...range,
  total: z.object(rates),
  within_campaigns: pooled,
  versions: z.array(z.object({ version: count, ...rates })).describe("The newest first"),
  campaigns: z.array(z.object({ campaign_id: z.uuid(), ...rates })).describe("The latest 100"),
});
export const comparedTemplates = z.object({
  ...range,
  texts: z
    .array(
      z.object({
        template_id: z.uuid(),
        number: count,
        name: z.string(),
        rank: count
          .nullable()
          .describe("By the lower bound of its reply rate; null below 200 reached or 10 replies"),
        within_campaigns: pooled,
        q: z.number().nullable().describe("p of within_campaigns, adjusted for the number of texts"),
        ...rates,
      }),
    )
    .describe("Rates of different campaigns are observational: their people differ"),
});
