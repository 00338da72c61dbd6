// The routes of campaigns whose shapes are the dashboard's; the others are the area's own.
import { z } from "zod";
import { paginationSchema } from "../../_shared/http/pagination.ts";
import { verbatim } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import { routes as area } from "../../campaigns/routes.ts";
import { bothShapes } from "../door/both-shapes.ts";
import { mountArea } from "../door/mount-area.ts";
import {
  buildRoute,
  buildTargets,
  getCampaign,
  getRoute,
  pauseCampaign,
  readStats,
  resumeCampaign,
  statsRoute,
  stopCampaign,
  updateCampaign,
  updateRoute,
} from "./control-campaign.ts";
import { createCampaign, createRoute } from "./create-campaign.ts";
import { listCampaigns, listQuery, listRoute } from "./list-campaigns.ts";
import {
  campaignOfBody,
  dashboardCampaign,
  dashboardCampaignDetail,
  dashboardStats,
  wizardInput,
} from "./schemas.ts";
import { startCampaign, startRoute } from "./start-campaign.ts";

const params = z.object({ id: z.uuid() });
const CONTROLS = [
  ["start", "Build and start, start or resume a campaign, whichever is due", startCampaign],
  ["pause", "Pause a campaign", pauseCampaign],
  ["resume", "Resume a campaign", resumeCampaign],
  ["stop", "Stop a campaign for good", stopCampaign],
] as const;

export const routes = mountArea("campaigns", area, [
  route({
    method: "GET",
    path: "/campaigns",
    summary: "List campaigns, newest first; with exactly ?status=running a bare array",
    permission: listRoute.permission,
    request: { query: listQuery },
    response: verbatim(
      z.union([
        z.object({
          success: z.literal(true),
          data: z.array(dashboardCampaign),
          pagination: paginationSchema,
        }),
        z.array(dashboardCampaign),
      ]),
    ),
    run: listCampaigns as never,
  }),
  route({
    method: "POST",
    path: "/campaigns",
    summary: "Create a draft campaign; the same request again within a minute gets the same campaign",
    permission: createRoute.permission,
    request: { body: wizardInput },
    response: bothShapes(dashboardCampaignDetail, 201),
    run: createCampaign as never,
  }),
  route({
    method: "GET",
    path: "/campaigns/{id}",
    summary: "Read a campaign",
    permission: getRoute.permission,
    request: { params },
    response: bothShapes(dashboardCampaignDetail),
    run: getCampaign as never,
  }),
  route({
    method: "PATCH",
    path: "/campaigns/{id}",
    summary: "Change a campaign, by the fields of PATCH /functions/v1/campaigns/{id}",
    permission: updateRoute.permission,
    request: { params, body: updateRoute.request?.body as z.ZodType },
    response: bothShapes(dashboardCampaignDetail),
    run: updateCampaign as never,
  }),
  ...CONTROLS.map(([verb, summary, run]) =>
    route({
      method: "POST",
      path: `/campaigns/{id}/${verb}`,
      summary: `${summary}; what is done already counts as done`,
      permission: startRoute.permission,
      request: { params },
      response: bothShapes(dashboardCampaignDetail),
      run: run as never,
    }),
  ),
  ...["stats", "metrics"].map((word) =>
    route({
      method: "GET",
      path: `/campaigns/{id}/${word}`,
      summary: "Count the figures over the targets at this instant, under both generations of names",
      permission: statsRoute.permission,
      request: { params },
      response: bothShapes(dashboardStats),
      run: readStats as never,
    }),
  ),
  route({
    method: "POST",
    path: "/campaigns/build-targets",
    summary: "Build the audience of the campaign that the body names, or count it by reason with dry_run",
    permission: buildRoute.permission,
    request: { body: campaignOfBody },
    response: bothShapes(buildRoute.response.schema as z.ZodObject),
    run: buildTargets as never,
  }),
]);
