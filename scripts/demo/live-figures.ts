// A campaign's figures as a dashboard shows them: read when a channel is joined, then updated over Realtime.
import type { CampaignFigures } from "../../supabase/functions/campaigns/campaign/read-stats.ts";
import { type Dashboard, rowOf } from "./dashboard.ts";
import { followChanges } from "./follow-changes.ts";
import { createNews, type News } from "./wait-for-news.ts";

export const FIGURES = [
  "audience",
  "excluded",
  "canceled",
  "waiting",
  "queued",
  "sending",
  "unknown",
  "sent",
  "failed",
  "delivered",
  "undelivered",
  "unconfirmed",
  "replies",
  "opt_outs",
] as const;
export type Figures = Record<(typeof FIGURES)[number], number>;

/** Figures received over Realtime that differ from those counted, one sentence each. */
export function differentFigures(live: Figures, { figures, replies, opt_outs }: CampaignFigures): string[] {
  const counted: Record<string, number> = { ...figures, replies, opt_outs };
  return FIGURES.filter((name) => live[name] !== counted[name]).map(
    (name) => `${name}: Realtime ${live[name]}, counted ${counted[name]}`,
  );
}

export interface LiveFigures {
  figures: Figures;
  status: string;
  /** The reason why a person must act; null if the campaign can go on. */
  needsAttention: string | null;
  /** Texts that people wrote, counted by the inbox channel. */
  texts: number;
  lastText: string;
  /** Messages a second since the figures before. */
  rate: number;
  /** Wakes its waiters at each change. */
  news: News;
}

/** @param onChange called with each change, to draw it */
export async function followCampaign(
  dashboard: Dashboard,
  campaignId: string,
  onChange: (live: LiveFigures) => void,
): Promise<LiveFigures> {
  const live: LiveFigures = {
    figures: Object.fromEntries(FIGURES.map((name) => [name, 0])) as Figures,
    status: "draft",
    needsAttention: null,
    texts: 0,
    lastText: "",
    rate: 0,
    news: createNews(),
  };
  const tell = () => {
    onChange(live);
    live.news.tell();
  };
  const meter = createMeter();
  const show = (table: string, record: Record<string, unknown>) => {
    if (table === "campaigns") {
      live.status = record.status as string;
      live.needsAttention = record.needs_attention as string | null;
    } else if (table === "campaign_stats") {
      for (const name of FIGURES) live.figures[name] = Number(record[name]);
      live.rate = meter(live.figures.sent);
    }
    tell();
  };
  const { client } = dashboard;
  // A broadcast that arrives while a read is under way is newer than the read.
  const heard = new Set<string>();
  await followChanges(dashboard, `campaign:${campaignId}`, {
    onChange({ table, record }) {
      heard.add(table);
      show(table, record);
    },
    async read() {
      heard.clear();
      const [campaign, figures] = await Promise.all([
        rowOf(client.from("campaigns").select().eq("id", campaignId).single()),
        rowOf(client.from("campaign_stats").select().eq("campaign_id", campaignId).single()),
      ]);
      if (!heard.has("campaigns")) show("campaigns", campaign);
      if (!heard.has("campaign_stats")) show("campaign_stats", figures);
    },
  });
  const unread = new Map<unknown, number>();
  const heardTexts = new Set<unknown>();
  const showTexts = (conversations: Record<string, unknown>[]) => {
    for (const conversation of conversations) {
      unread.set(conversation.id, Number(conversation.unread_count));
      live.lastText = String(conversation.last_message ?? "");
    }
    live.texts = [...unread.values()].reduce((sum, count) => sum + count, 0);
    tell();
  };
  await followChanges(dashboard, `inbox:${dashboard.orgId}`, {
    onChange({ table, records }) {
      if (table !== "conversations") return;
      for (const { id } of records) heardTexts.add(id);
      showTexts(records);
    },
    async read() {
      heardTexts.clear();
      const conversations = await rowOf(client.from("conversations").select().order("last_message_at"));
      showTexts(conversations.filter(({ id }) => !heardTexts.has(id)));
    },
  });
  return live;
}

/** The rate over the last two seconds: figures arrive about once a second, so a single step would fluctuate. */
function createMeter(): (count: number) => number {
  const seen: { at: number; count: number }[] = [];
  return (count) => {
    const now = performance.now();
    seen.push({ at: now, count });
    while (seen.length > 2 && now - (seen[0]?.at ?? now) > 2_500) seen.shift();
    const first = seen[0] as { at: number; count: number };
    return now > first.at ? Math.max(0, ((count - first.count) * 1000) / (now - first.at)) : 0;
  };
}
