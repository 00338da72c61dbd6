// The route table of campaigns: what is done with one.
import { z } from "zod";
import { instant } from "../../_shared/http/instant.ts";
import { oneLine } from "../../_shared/http/one-line.ts";
import { pageFields } from "../../_shared/http/pagination.ts";
import { created, list, object } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import { buildTargets } from "./build-targets.ts";
import { archiveCampaign, cloneCampaign, scheduleCampaign } from "./change-campaign-state.ts";
import { controlCampaign, startCampaign } from "./control-campaign.ts";
import { createCampaign } from "./create-campaign.ts";
import { getCampaign } from "./get-campaign.ts";
import { listCampaigns } from "./list-campaigns.ts";
import { listTargets } from "./list-targets.ts";
import { readStats } from "./read-stats.ts";
import {
  audienceCounts,
  CAMPAIGN_STATUSES,
  campaign,
  campaignChanges,
  campaignDetail,
  campaignInput,
  currentFigures,
  outlook,
  reasons,
  TARGET_STATES,
  target,
} from "./schemas.ts";
import { stepFigures } from "./steps.ts";
import { updateCampaign } from "./update-campaign.ts";

const params = z.object({ id: z.uuid() });
const acknowledge = z
  .array(oneLine(60))
  .max(20)
  .default([])
  .describe("Codes of the warnings of its preflight that you have read");

export const routes = [
  route({
    method: "POST",
    path: "/",
    summary: "Create a draft campaign",
    permission: "campaign_manager",
    request: { body: campaignInput },
    response: created(campaignDetail),
    run: createCampaign,
  }),
  route({
    method: "GET",
    path: "/",
    summary: "List campaigns, newest first, with their figures",
    permission: "viewer",
    request: {
      query: z.strictObject({
        ...pageFields,
        status: z.array(z.enum(CAMPAIGN_STATUSES)).optional(),
        search: z.string().max(200).optional().describe("Part of the name"),
        archived: z.stringbool().default(false).describe("true: those that were archived, and no others"),
      }),
    },
    response: list(campaign),
    run: listCampaigns,
  }),
  route({
    method: "GET",
    path: "/{id}",
    summary: "Read a campaign",
    permission: "viewer",
    request: { params },
    response: object(campaignDetail),
    run: getCampaign,
  }),
  route({
    method: "PATCH",
    path: "/{id}",
    summary:
      "Change a campaign: pace and texts act at once; audience and steps can change only while it is a draft",
    permission: "campaign_manager",
    request: { params, body: campaignChanges },
    response: object(campaignDetail),
    run: updateCampaign,
  }),
  route({
    method: "POST",
    path: "/{id}/build-targets",
    summary: "Build the audience, or count it by reason with dry_run",
    permission: "campaign_manager",
    request: {
      params,
      body: z
        .strictObject({
          dry_run: z.boolean().default(false).describe("Only count, by reason"),
          start: z
            .boolean()
            .default(false)
            .describe(
              "Start as soon as it is built, or at its scheduled_at, whatever its warnings are; if something forbids that, it waits for a person, with an alert",
            ),
        })
        .prefault({}),
    },
    response: object(
      z.object({
        status: z.enum(CAMPAIGN_STATUSES),
        counts: audienceCounts.nullable(),
      }),
    ),
    run: buildTargets,
  }),
  route({
    method: "POST",
    path: "/{id}/start",
    summary: "Start a campaign",
    permission: "campaign_manager",
    request: {
      params,
      body: z
        .strictObject({
          acknowledge,
          expected_status: z
            .enum(CAMPAIGN_STATUSES)
            .optional()
            .describe("The status you saw: refuse with 409 if it has another one by now"),
        })
        .prefault({}),
    },
    response: object(campaignDetail),
    run: startCampaign,
  }),
  ...(["pause", "resume", "stop"] as const).map((verb) =>
    route({
      method: "POST",
      path: `/{id}/${verb}`,
      summary: `${verb[0]?.toUpperCase()}${verb.slice(1)} a campaign`,
      permission: "campaign_manager",
      request: { params },
      response: object(campaignDetail),
      run: controlCampaign(`${verb}_campaign`),
    }),
  ),
  route({
    method: "POST",
    path: "/{id}/clone",
    summary: "Make a draft with the definition of a campaign: criteria, texts, numbers and pace, no targets",
    permission: "campaign_manager",
    request: { params, body: z.strictObject({ name: oneLine(200).optional() }).prefault({}) },
    response: created(campaignDetail),
    run: cloneCampaign,
  }),
  route({
    method: "POST",
    path: "/{id}/schedule",
    summary: "Have a built campaign start by itself at a time, or at another time; null takes the time away",
    permission: "campaign_manager",
    request: { params, body: z.strictObject({ scheduled_at: instant.nullable(), acknowledge }) },
    response: object(campaignDetail),
    run: scheduleCampaign,
  }),
  ...(["archive", "unarchive"] as const).map((verb) =>
    route({
      method: "POST",
      path: `/{id}/${verb}`,
      summary:
        verb === "archive"
          ? "Take a campaign that is a draft, completed or stopped out of the list"
          : "Put an archived campaign back into the list",
      permission: "campaign_manager",
      request: { params },
      response: object(campaignDetail),
      run: archiveCampaign(verb === "archive"),
    }),
  ),
  route({
    method: "GET",
    path: "/{id}/stats",
    summary: "Count the figures over the targets at this instant, with reasons and the outlook",
    permission: "viewer",
    request: { params },
    response: object(
      z.object({
        campaign_id: z.uuid(),
        status: z.enum(CAMPAIGN_STATUSES),
        figures: currentFigures,
        replies: z.number().int(),
        opt_outs: z.number().int(),
        segments: z.number().int(),
        delivery_rate: z
          .number()
          .nullable()
          .describe("Percent of sent that was delivered; null while nothing is sent"),
        reasons,
        steps: z
          .array(stepFigures)
          .describe("At most a second behind; the first step alone if there are no others"),
        outlook: outlook.nullable().describe("Null if the campaign is not running"),
      }),
    ),
    run: readStats,
  }),
  route({
    method: "GET",
    path: "/{id}/targets",
    summary: "List the targets of a campaign in sending order",
    permission: "viewer",
    request: {
      params,
      query: z.strictObject({
        ...pageFields,
        cursor: z
          .string()
          .regex(/^\d{1,15}$/, "Send next_cursor of the previous page unchanged.")
          .optional(),
        state: z.array(z.enum(TARGET_STATES)).optional(),
        step: z.coerce.number().int().min(1).max(9).optional(),
        reason: z.string().max(100).optional(),
        needs_attention: z.stringbool().optional(),
      }),
    },
    response: list(target),
    run: listTargets,
  }),
];
