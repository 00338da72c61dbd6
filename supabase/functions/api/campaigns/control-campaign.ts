// Reads, changes, pauses, resumes and stops campaigns in the dashboard's words. A repeat finds it done.
import { AppError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { routes } from "../../campaigns/routes.ts";
import { inBothShapes } from "../door/both-shapes.ts";
import { callRoute } from "../door/call-route.ts";
import { routeOf } from "../door/mount-area.ts";
import { readPeople } from "./read-people.ts";
import { type Campaign, toDashboardCampaign } from "./to-dashboard-campaign.ts";

export const getRoute = routeOf(routes, "GET /{id}");
export const updateRoute = routeOf(routes, "PATCH /{id}");
export const statsRoute = routeOf(routes, "GET /{id}/stats");
export const buildRoute = routeOf(routes, "POST /{id}/build-targets");
const pauseRoute = routeOf(routes, "POST /{id}/pause");
export const resumeRoute = routeOf(routes, "POST /{id}/resume");
const stopRoute = routeOf(routes, "POST /{id}/stop");

/** Each other try means that somebody else changed the campaign meanwhile. */
const MAX_TRIES = 5;

export interface OfCampaign {
  params: { id: string };
}

export const readCampaign = (ctx: UserContext, { params }: OfCampaign) =>
  callRoute<Campaign>(ctx, getRoute, { params: { ...params } });

async function shown(ctx: UserContext, campaign: Campaign) {
  const people = await readPeople(ctx, [campaign.id]);
  return inBothShapes(toDashboardCampaign(campaign, people.get(campaign.id)));
}

export async function getCampaign(ctx: UserContext, input: OfCampaign) {
  return await shown(ctx, await readCampaign(ctx, input));
}

/** @param body fields of PATCH /functions/v1/campaigns/{id} */
export async function updateCampaign(ctx: UserContext, { params, body }: OfCampaign & { body: unknown }) {
  return await shown(ctx, await callRoute<Campaign>(ctx, updateRoute, { params: { ...params }, body }));
}

/**
 * Does what a campaign's status asks for. If another request changed the status meanwhile, it looks again: a button that is
 * pressed twice at the same instant sends two requests.
 * @param act gets the campaign as it is @throws what act throws
 */
export async function doWhatIsDue(
  ctx: UserContext,
  id: string,
  act: (campaign: Campaign) => Promise<void>,
): Promise<void> {
  for (let tries = 1; ; tries++) {
    const campaign = await readCampaign(ctx, { params: { id } });
    try {
      return await act(campaign);
    } catch (error) {
      if (!(error instanceof AppError && error.code === "invalid_state") || tries === MAX_TRIES) throw error;
      if ((await readCampaign(ctx, { params: { id } })).status === campaign.status) throw error;
    }
  }
}

/** Pausing one that is paused already counts as done. */
export async function pauseCampaign(ctx: UserContext, { params }: OfCampaign) {
  await doWhatIsDue(ctx, params.id, async ({ status }) => {
    if (status !== "paused") await callRoute(ctx, pauseRoute, { params: { ...params } });
  });
  return await getCampaign(ctx, { params });
}

/** Resuming one that runs already counts as done. */
export async function resumeCampaign(ctx: UserContext, { params }: OfCampaign) {
  await doWhatIsDue(ctx, params.id, async ({ status }) => {
    if (status !== "running") await callRoute(ctx, resumeRoute, { params: { ...params } });
  });
  return await getCampaign(ctx, { params });
}

/** Stopping one that is stopped already counts as done. */
export async function stopCampaign(ctx: UserContext, { params }: OfCampaign) {
  await doWhatIsDue(ctx, params.id, async ({ status }) => {
    if (status !== "stopped") await callRoute(ctx, stopRoute, { params: { ...params } });
  });
  return await getCampaign(ctx, { params });
}

interface Stats {
  figures: { audience: number; excluded: number; sent: number; delivered: number; failed: number };
  replies: number;
  opt_outs: number;
}

/** The figures under both generations of names. */
export async function readStats(ctx: UserContext, { params }: OfCampaign) {
  const stats = await callRoute<Stats>(ctx, statsRoute, { params: { ...params } });
  const { audience, excluded, sent, delivered, failed } = stats.figures;
  return inBothShapes({
    ...stats,
    total_targets: audience - excluded,
    sent,
    sent_count: sent,
    delivered,
    delivered_count: delivered,
    reply_count: stats.replies,
    opt_out_count: stats.opt_outs,
    errors: failed,
    last_updated: new Date().toISOString(),
  });
}

/** The older path, with the campaign in the body. */
export async function buildTargets(
  ctx: UserContext,
  {
    body,
  }: {
    body: {
      campaign_id?: string | undefined;
      campaignId?: string | undefined;
      dry_run?: boolean | undefined;
    };
  },
) {
  const id = body.campaign_id ?? body.campaignId;
  return inBothShapes(
    await callRoute<object>(
      ctx,
      buildRoute,
      { params: { id }, body: { dry_run: body.dry_run ?? false } },
      new Map([["id", "campaign_id"]]),
    ),
  );
}
