// What a campaign's preflight and tests look like on the wire.
import { z } from "zod";
import { oneLine } from "../../_shared/http/one-line.ts";

const count = z.number().int();
const finding = z.object({
  code: z.string(),
  message: z.string(),
  details: z.record(z.string(), z.unknown()),
});

/** What private.campaign_preflight returns. */
export const judgedPreflight = z.object({
  campaign_id: z.uuid(),
  status: z.string(),
  blockers: z.array(finding).describe("What keeps it from starting; start refuses with the first of them"),
  warnings: z.array(
    finding.extend({
      must_acknowledge: z.boolean().describe("start refuses until its code is sent in acknowledge"),
    }),
  ),
  audience: z.object({ waiting: count, excluded: z.record(z.string(), count) }),
  people: z
    .object({
      judged: count.describe("How many waiting people the next figures are about: 100,000 at most"),
      with_consent: count,
      line_type_unknown: count,
      state_unknown: count,
      scrubbed: count.describe("Found on no list by a scrub service within 31 days"),
      oldest_scrub_at: z.string().nullable(),
    })
    .describe("What is known about those who wait"),
  forecast: z.object({
    days: z
      .array(
        z.object({
          day: z.string(),
          messages: count,
          limited_by: z
            .array(z.string())
            .describe("What keeps the day from sending more; empty if nothing does"),
        }),
      )
      .describe("The coming 30 days in the organisation's time zone, as long as anybody waits"),
    finishes_on: z.string().nullable().describe("Null if it takes longer than 30 days"),
  }),
  cost: z.object({
    segment_price: z.number(),
    carrier_fee: z.number(),
    segments_high: z.number(),
    high: z.number(),
  }),
  numbers: z.array(
    z.object({
      id: z.uuid(),
      e164: z.string(),
      status: z.string(),
      health_score: z.number().nullable(),
      mps: z.number(),
      daily_cap: z.number().nullable(),
    }),
  ),
  registrations: z.array(
    z.object({
      messaging_service_sid: z.string(),
      status: z.string().nullable(),
      checked_at: z.string().nullable(),
    }),
  ),
  carrier_caps: z.array(z.object({ carrier: z.string(), daily_segments: count })),
});

export const segmentEstimate = z.object({
  people: count.describe("People for whom the texts were rendered: 200 at most"),
  p50: z.number(),
  p95: z.number(),
  max: z.number(),
  mean: z.number(),
});

export const preflight = judgedPreflight.extend({
  cost: judgedPreflight.shape.cost
    .extend({
      low: z.number().nullable().describe("The first text to everybody, as long as it is in the sample"),
    })
    .describe("US dollars, by the prices in the settings"),
  segments: segmentEstimate
    .nullable()
    .describe(
      "Segments of the first message, by rendering its active texts for a sample of those who wait; null without one",
    ),
});

export const campaignTestInput = z.strictObject({
  to: oneLine(60).describe("A confirmed test phone"),
  lead_id: z
    .uuid()
    .optional()
    .describe("Whose values the texts get; otherwise somebody who waits in the campaign"),
});
export const sentText = z.object({
  template_id: z.uuid(),
  message_id: z.uuid(),
  to: z.string(),
  from: z.string(),
  deduplicated: z
    .boolean()
    .describe("Whether the same was asked for within the last minute, and this is that one"),
});
