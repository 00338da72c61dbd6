// Starts, pauses, resumes and stops campaigns as the dashboard's two buttons need it. A repeat finds it done.
import { AppError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { routes } from "../../campaigns/routes.ts";
import { inBothShapes } from "../door/both-shapes.ts";
import { callRoute } from "../door/call-route.ts";
import { routeOf } from "../door/mount-area.ts";
import { readPeople } from "./read-people.ts";
import { type Campaign, toDashboardCampaign } from "./to-dashboard-campaign.ts";

export const getRoute = routeOf(routes, "GET /{id}");
export const startRoute = routeOf(routes, "POST /{id}/start");
export const updateRoute = routeOf(routes, "PATCH /{id}");
export const statsRoute = routeOf(routes, "GET /{id}/stats");
export const buildRoute = routeOf(routes, "POST /{id}/build-targets");
const pauseRoute = routeOf(routes, "POST /{id}/pause");
const resumeRoute = routeOf(routes, "POST /{id}/resume");
const stopRoute = routeOf(routes, "POST /{id}/stop");

/** The list is read right after the answer, and then not again: a small campaign is mostly running by then. */
const WAIT_MS = 4_000;
const LOOK_MS = 250;

interface OfCampaign {
  params: { id: string };
}

const read = (ctx: UserContext, { params }: OfCampaign) =>
  callRoute<Campaign>(ctx, getRoute, { params: { ...params } });

async function shown(ctx: UserContext, campaign: Campaign) {
  const people = await readPeople(ctx, [campaign.id]);
  return inBothShapes(toDashboardCampaign(campaign, people.get(campaign.id)));
}

export async function getCampaign(ctx: UserContext, input: OfCampaign) {
  return await shown(ctx, await read(ctx, input));
}

/** @param body fields of PATCH /functions/v1/campaigns/{id} */
export async function updateCampaign(ctx: UserContext, { params, body }: OfCampaign & { body: unknown }) {
  return await shown(ctx, await callRoute<Campaign>(ctx, updateRoute, { params: { ...params }, body }));
}

/**
 * Does what is due: builds the audience and starts then, starts, or resumes. The dashboard shows no warnings, so they count as
 * acknowledged; what forbids to start it is refused as anywhere.
 */
export async function startCampaign(ctx: UserContext, { params }: OfCampaign) {
  const before = await read(ctx, { params });
  switch (before.status) {
    case "running":
      break;
    case "draft":
    case "building":
      await callRoute(ctx, buildRoute, { params: { ...params }, body: { start: true } });
      await waitUntilStarted(ctx, params.id);
      break;
    case "paused":
      await callRoute(ctx, resumeRoute, { params: { ...params } });
      break;
    default:
      await startAcknowledged(ctx, params.id);
  }
  return await getCampaign(ctx, { params });
}

async function startAcknowledged(ctx: UserContext, id: string): Promise<void> {
  try {
    await callRoute(ctx, startRoute, { params: { id }, body: {} });
  } catch (error) {
    if (!(error instanceof AppError && error.code === "warnings_not_acknowledged")) throw error;
    const warnings = (error.details?.warnings ?? []) as { code: string }[];
    await callRoute(ctx, startRoute, {
      params: { id },
      body: { acknowledge: warnings.map(({ code }) => code) },
    });
  }
}

/** @throws AppError invalid_state with the reason, if something forbids it to start */
async function waitUntilStarted(ctx: UserContext, id: string): Promise<void> {
  for (const until = Date.now() + WAIT_MS; Date.now() < until; ) {
    const { status, scheduled_at, status_reason, needs_attention } = (await read(ctx, {
      params: { id },
    })) as Campaign & {
      status_reason: string | null;
      needs_attention: string | null;
    };
    const isDue = status === "scheduled" && Date.parse(scheduled_at ?? "") <= Date.now();
    if (status !== "building" && !isDue) {
      const reason = needs_attention ?? status_reason;
      if (["paused", "draft", "ready"].includes(status) && reason)
        throw new AppError("invalid_state", `The campaign could not start. ${reason}`, { status });
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Pausing one that is paused already counts as done. */
export async function pauseCampaign(ctx: UserContext, { params }: OfCampaign) {
  const before = await read(ctx, { params });
  if (before.status !== "paused") await callRoute(ctx, pauseRoute, { params: { ...params } });
  return await getCampaign(ctx, { params });
}

/** Resuming one that runs already counts as done. */
export async function resumeCampaign(ctx: UserContext, { params }: OfCampaign) {
  const before = await read(ctx, { params });
  if (before.status !== "running") await callRoute(ctx, resumeRoute, { params: { ...params } });
  return await getCampaign(ctx, { params });
}

/** Stopping one that is stopped already counts as done. */
export async function stopCampaign(ctx: UserContext, { params }: OfCampaign) {
  const before = await read(ctx, { params });
  if (before.status !== "stopped") await callRoute(ctx, stopRoute, { params: { ...params } });
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
