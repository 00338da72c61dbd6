// A campaign in the dashboard's words.
import { UNTAGGED } from "../leads/schemas.ts";
import type { STATUSES } from "./schemas.ts";

interface Stats {
  audience: number;
  excluded: number;
  sent: number;
  delivered: number;
  failed: number;
  replies: number;
  opt_outs: number;
}

/** The fields of the area's campaign that have other names in the dashboard. */
export interface Campaign {
  id: string;
  name: string;
  status: string;
  starts_when_built: boolean;
  target_criteria: {
    left_out?: string[];
    lead_ids?: string[];
    tags?: string[];
    filter?: { tags?: { any?: string[]; untagged?: boolean } };
  };
  scheduled_at: string | null;
  started_at: string | null;
  finished_at: string | null;
  archived_at: string | null;
  created_at: string;
  updated_at: string;
  stats: Stats | null;
}

/** What the database counts of it beside its figures. */
export interface People {
  matching_leads: number | null;
  converted_leads: number;
}

type Status = (typeof STATUSES)[number];
/** A built campaign waits for Start, as a draft does. */
const STATUS: Record<string, Status> = {
  draft: "draft",
  building: "active",
  ready: "draft",
  scheduled: "scheduled",
  running: "active",
  paused: "paused",
  completed: "completed",
  stopped: "completed",
};

export function statusOf({ status, archived_at, scheduled_at }: Campaign, now: number): Status {
  if (archived_at) return "archived";
  if (status === "scheduled" && Date.parse(scheduled_at ?? "") <= now) return "active";
  return STATUS[status] ?? "draft";
}

/** The area's statuses that one of the dashboard's, or of the older documents, stands for. */
export const STATES: Readonly<Record<string, readonly string[]>> = {
  draft: ["draft", "ready"],
  scheduled: ["scheduled"],
  active: ["building", "running"],
  running: ["building", "running"],
  paused: ["paused"],
  completed: ["completed", "stopped"],
  stopped: ["stopped"],
};

const percent = (part: number, whole: number) =>
  whole > 0 ? Math.round((part / whole) * 10_000) / 100 : null;

export function toDashboardCampaign<C extends Campaign>(
  campaign: C,
  people: People | undefined,
  now = Date.now(),
) {
  const { stats, target_criteria: criteria } = campaign;
  const sent = stats?.sent ?? 0;
  const delivered = stats?.delivered ?? 0;
  const replies = stats?.replies ?? 0;
  const isBuilt = stats !== null && stats.audience > 0;
  const leads = isBuilt ? stats.audience - stats.excluded : (people?.matching_leads ?? null);
  const converted = people?.converted_leads ?? 0;
  const startDate = campaign.started_at ?? campaign.scheduled_at;
  const tags = criteria.filter?.tags;
  const isChosenByHand = criteria.lead_ids !== undefined || criteria.left_out?.includes("lead_ids") === true;
  return {
    ...campaign,
    status: statusOf(campaign, now) as Status | "running",
    state: campaign.status,
    stats: { ...stats, messages_sent: sent, messages_delivered: delivered, replies_received: replies },
    targetAudience: {
      leadCount: leads,
      leadListIds: criteria.lead_ids ?? [],
      tags: [...(criteria.tags ?? tags?.any ?? []), ...(tags?.untagged ? [UNTAGGED] : [])],
      filters: isChosenByHand ? { useIndividualSelection: true } : {},
    },
    metrics: {
      totalSent: sent,
      delivered,
      failed: stats?.failed ?? 0,
      replies,
      optOuts: stats?.opt_outs ?? 0,
      conversions: converted,
    },
    schedule: { startDate },
    startDate,
    endDate: campaign.finished_at,
    messagesSent: sent,
    leads: leads ?? 0,
    deliveryRate: percent(delivered, sent),
    responseRate: percent(replies, sent),
    conversionRate: percent(converted, sent),
    createdAt: campaign.created_at,
    updatedAt: campaign.updated_at,
  };
}
export type DashboardCampaign = ReturnType<typeof toDashboardCampaign>;
