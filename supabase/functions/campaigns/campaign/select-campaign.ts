// The columns of a campaign that the API answers with.
import { z } from "zod";
import { campaign, stats } from "./schemas.ts";

/** All but target_criteria, which may be large. */
export const LISTED_COLUMNS =
  "id, name, description, type, status, status_reason, needs_attention, template_category, phones, mps, " +
  "daily_cap, cooldown_days, quiet_hours_override, retry_undelivered, rotation, scheduled_at, built_at, starts_when_built, " +
  "started_at, paused_at, finished_at, archived_at, created_at, updated_at, " +
  "stats:campaign_stats(audience, excluded, canceled, waiting, queued, sending, unknown, sent, failed, delivered, undelivered, unconfirmed, replies, opt_outs, segments, updated_at)";

export const CAMPAIGN_COLUMNS = `target_criteria, ${LISTED_COLUMNS}`;

export type Campaign = z.output<typeof campaign>;

/** A campaign as PostgREST answers it: its figures are a list or an object, depending on how PostgREST reads the key. */
export const selectedCampaign = campaign.extend({ stats: z.union([stats.nullable(), z.array(stats)]) });
export const listedCampaign = selectedCampaign.omit({ target_criteria: true });
type SelectedCampaign = z.output<typeof selectedCampaign>;

/** The campaign with its one row of figures. */
export function toCampaign(row: SelectedCampaign): Campaign {
  return { ...row, stats: Array.isArray(row.stats) ? (row.stats[0] ?? null) : row.stats };
}
