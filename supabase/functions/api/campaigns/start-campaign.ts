// The dashboard's Start: it is the only button, whatever the campaign is.
import { AppError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { routes } from "../../campaigns/routes.ts";
import { callRoute } from "../door/call-route.ts";
import { routeOf } from "../door/mount-area.ts";
import {
  buildRoute,
  doWhatIsDue,
  getCampaign,
  type OfCampaign,
  readCampaign,
  resumeRoute,
} from "./control-campaign.ts";
import type { Campaign } from "./to-dashboard-campaign.ts";

export const startRoute = routeOf(routes, "POST /{id}/start");

/** The list is read right after the answer, and then not again: a small campaign is mostly running by then. */
const WAIT_MS = 4_000;
const LOOK_MS = 250;
/** The dashboard repeats a request a second after an error, or after ten seconds without an answer. */
const REPEAT_MS = 60_000;

/**
 * Does what is due: builds the audience and starts then, starts, or resumes. The dashboard shows no warnings, so they count as
 * acknowledged; what forbids to start it is refused as anywhere.
 */
export async function startCampaign(ctx: UserContext, { params }: OfCampaign) {
  let isBuilding = false;
  await doWhatIsDue(ctx, params.id, async ({ status, scheduled_at, updated_at }) => {
    switch (status) {
      case "running":
        return;
      case "draft":
      case "building":
        await callRoute(ctx, buildRoute, { params: { ...params }, body: { start: true } });
        isBuilding = true;
        return;
      case "paused":
        return await callRoute(ctx, resumeRoute, { params: { ...params } });
      case "scheduled":
        // A repeat must not send before its time what the first request scheduled a moment ago.
        if (Date.parse(scheduled_at ?? "") > Date.now() && Date.parse(updated_at) > Date.now() - REPEAT_MS)
          return;
        return await startAcknowledged(ctx, params.id, status);
      default:
        await startAcknowledged(ctx, params.id, status);
    }
  });
  if (isBuilding) await waitUntilStarted(ctx, params.id);
  return await getCampaign(ctx, { params });
}

async function startAcknowledged(ctx: UserContext, id: string, expected_status: string): Promise<void> {
  try {
    await callRoute(ctx, startRoute, { params: { id }, body: { expected_status } });
  } catch (error) {
    if (!(error instanceof AppError && error.code === "warnings_not_acknowledged")) throw error;
    const warnings = (error.details?.warnings ?? []) as { code: string }[];
    await callRoute(ctx, startRoute, {
      params: { id },
      body: { expected_status, acknowledge: warnings.map(({ code }) => code) },
    });
  }
}

/** @throws AppError invalid_state with the reason, if something forbids it to start */
async function waitUntilStarted(ctx: UserContext, id: string): Promise<void> {
  for (const until = Date.now() + WAIT_MS; Date.now() < until; ) {
    const { status, scheduled_at, status_reason, needs_attention } = (await readCampaign(ctx, {
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
