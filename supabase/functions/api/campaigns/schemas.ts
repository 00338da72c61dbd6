// Campaigns as the dashboard reads and sends them.
import { z } from "zod";
import { routes } from "../../campaigns/routes.ts";
import { routeOf } from "../door/mount-area.ts";

const text = z.string();
const count = z.int();
const rate = z.number().nullable();
const ours = routeOf(routes, "GET /").response.schema as z.ZodObject;
const detail = routeOf(routes, "GET /{id}").response.schema as z.ZodObject;
const figures = routeOf(routes, "GET /{id}/stats").response.schema as z.ZodObject;

export const STATUSES = ["draft", "scheduled", "active", "paused", "completed", "archived"] as const;

const shownStats = z.looseObject({
  messages_sent: count,
  messages_delivered: count,
  replies_received: count,
});
const shown = {
  status: z.enum([...STATUSES, "running"]).describe("running only in the list that ?status=running gives"),
  state: text.describe("The status in our own words: building and running are both active"),
  stats: shownStats,
  targetAudience: z.object({
    leadCount: count
      .nullable()
      .describe("People of the audience; before it is built, the leads that match now"),
    leadListIds: z.array(text),
    tags: z.array(text),
    filters: z.record(text, z.unknown()),
  }),
  metrics: z.object({
    totalSent: count,
    delivered: count,
    failed: count,
    replies: count,
    optOuts: count,
    conversions: count.describe("Leads it wrote to that are qualified or further by now"),
  }),
  schedule: z.object({ startDate: text.nullable() }),
  startDate: text.nullable(),
  endDate: text.nullable(),
  messagesSent: count,
  leads: count,
  deliveryRate: rate.describe("Percent of the sent; null while nothing is sent, as the other rates"),
  responseRate: rate,
  conversionRate: rate,
  createdAt: text,
  updatedAt: text,
};
export const dashboardCampaign = ours.extend(shown);
export const dashboardCampaignDetail = detail.extend(shown);

export const dashboardStats = figures.extend({
  total_targets: count,
  sent: count,
  sent_count: count,
  delivered: count,
  delivered_count: count,
  reply_count: count,
  opt_out_count: count,
  errors: count,
  last_updated: text,
});

const anything = z.unknown().optional();
const templateId = z.union([z.int(), text]).nullable();
const startDate = text.nullable().optional();

export const wizardInput = z.strictObject({
  name: text,
  description: text.nullable().optional(),
  type: z.enum(["broadcast", "drip", "followup", "trigger"]).default("broadcast"),
  status: anything.describe("Ignored: a campaign begins as a draft"),
  targetAudience: z
    .strictObject({
      leadListIds: z.array(text).optional().describe("Ids of leads"),
      tags: z.array(text).optional().describe("UNTAGGED stands for leads without tags"),
      filters: z
        .strictObject({
          useIndividualSelection: z.boolean().optional(),
          selectedLeadIds: z.array(text).optional(),
        })
        .optional(),
      leadCount: anything,
    })
    .optional()
    .describe("Without ids and tags: all leads"),
  messages: z
    .array(
      z.strictObject({
        id: anything,
        content: text.optional(),
        order: z.number().optional(),
        templateId: templateId.optional(),
        delay: z
          .number()
          .min(1)
          .max(1440)
          .optional()
          .describe("Of a drip: hours after the text before; 72 if left out"),
      }),
    )
    .max(20)
    .default([])
    .describe(
      "Texts of a broadcast take turns, or are compared with abTest; those of a drip follow each other",
    ),
  schedule: z
    .strictObject({
      startDate,
      endDate: startDate,
      sendTimes: z.array(text).optional().describe("Ignored: quiet hours decide"),
      timezone: text.optional().describe("Ignored: each person's own time zone counts"),
      rateLimiting: z.number().min(0.06).max(60_000).nullable().optional().describe("Messages a minute"),
    })
    .optional(),
  metrics: anything.describe("Ignored"),
  abTest: z
    .looseObject({ enabled: z.boolean().optional(), splitPercentage: z.number().min(1).max(99).optional() })
    .nullable()
    .optional(),
});
export type WizardInput = z.output<typeof wizardInput>;
export const campaignOfBody = z.strictObject({
  campaign_id: z.uuid().optional(),
  campaignId: z.uuid().optional(),
  dry_run: z.boolean().optional(),
});
