// Reads the platform's own data about the run, as the signed-in user may see it.
import type { Database } from "../../supabase/functions/_shared/db/database.types.ts";
import type { CampaignFigures } from "../../supabase/functions/campaigns/campaign/read-stats.ts";
import { MESSAGE_COLUMNS, type OurAttempt, type OurMessage } from "../judging/our-side.ts";
import { type Dashboard, rowOf } from "./dashboard.ts";

type OurTarget = Pick<
  Database["public"]["Tables"]["campaign_targets"]["Row"],
  "id" | "e164" | "state" | "delivery"
>;

export interface OurSide {
  stats: CampaignFigures;
  /** The organisation's messages: the campaign's, answers to people, and those that people wrote. */
  messages: OurMessage[];
  /** Every attempt to send one of them. */
  attempts: OurAttempt[];
  targets: OurTarget[];
  /** Phones that may not be written to. */
  optOuts: string[];
}

const PAGE = 1_000;

export async function readOurSide({ client, call }: Dashboard, campaignId: string): Promise<OurSide> {
  const messages = await readAll<OurMessage>((after) => {
    const page = client.from("messages").select(MESSAGE_COLUMNS).order("id").limit(PAGE);
    return after === null ? page : page.gt("id", after);
  });
  const attempts = await readAll<OurAttempt>((after) => {
    const page = client.from("send_attempts").select("id, slot_at").order("id").limit(PAGE);
    return after === null ? page : page.gt("id", after);
  });
  const targets = await readAll<OurTarget>((after) => {
    const page = client
      .from("campaign_targets")
      .select("id, e164, state, delivery")
      .eq("campaign_id", campaignId)
      .order("id")
      .limit(PAGE);
    return after === null ? page : page.gt("id", after);
  });
  const optOuts = await readAll<{ id: string; e164: string }>((after) => {
    const page = client.from("opt_outs").select("id, e164").eq("is_active", true).order("id").limit(PAGE);
    return after === null ? page : page.gt("id", after);
  });
  const stats = await call<CampaignFigures>("GET", `campaigns/${campaignId}/stats`);
  return { stats, messages, attempts, targets, optOuts: optOuts.map(({ e164 }) => e164) };
}

/** Reads page after page by id, so that late pages are as cheap as early ones. */
async function readAll<T extends { id: string }>(
  readPage: (after: string | null) => PromiseLike<{ data: T[] | null; error: { message: string } | null }>,
): Promise<T[]> {
  const rows: T[] = [];
  for (;;) {
    const page = await rowOf(readPage(rows.at(-1)?.id ?? null));
    rows.push(...page);
    if (page.length < PAGE) return rows;
  }
}
