// Reads the platform's data on the outcomes of an organisation's messages.
import type postgres from "postgres";
import type { OurAttempt, OurMessage } from "../../scripts/judging/our-side.ts";

export interface ChaosMessage extends OurMessage {
  campaign_id: string | null;
  campaign_target_id: string | null;
  step: number | null;
  attempt_id: string | null;
  provider_status: string | null;
  segments: number | null;
  needs_attention: string | null;
  error_message: string | null;
}

export interface ChaosAttempt extends OurAttempt {
  message_id: string;
  outcome: string;
  provider_sid: string | null;
  error_code: number | null;
}

export interface ChaosSide {
  messages: ChaosMessage[];
  attempts: ChaosAttempt[];
  /** Kinds of alerts ever raised, by campaign. */
  alerts: Map<string, Set<string>>;
  optOuts: Set<string>;
}

export async function readOurSide(sql: postgres.Sql, orgId: string): Promise<ChaosSide> {
  const [messages, attempts, alerts, optOuts] = await Promise.all([
    sql<ChaosMessage[]>`
      select id, kind, status, from_number, to_number, content, provider_sid, error_code, exempt, classification, campaign_id,
        campaign_target_id, step, attempt_id, provider_status, segments, needs_attention, error_message
      from public.messages where org_id = ${orgId}`,
    sql<ChaosAttempt[]>`
      select id, message_id, outcome, provider_sid, error_code, to_jsonb(slot_at) #>> '{}' as slot_at
      from public.send_attempts where org_id = ${orgId}`,
    sql`select campaign_id, kind from public.alerts where org_id = ${orgId}`,
    sql`select e164 from public.opt_outs where org_id = ${orgId} and is_active`,
  ]);
  const byCampaign = new Map<string, Set<string>>();
  for (const { campaign_id, kind } of alerts) {
    const known = byCampaign.get(campaign_id ?? "") ?? new Set();
    byCampaign.set(campaign_id ?? "", known.add(kind));
  }
  return { messages, attempts, alerts: byCampaign, optOuts: new Set(optOuts.map(({ e164 }) => e164)) };
}

/** When an attempt was claimed, in ms: its id is a uuid of version 7, which nothing moves as a test's clock moves claimed_at. */
export function claimedAt(attemptId: string): number {
  return Number.parseInt(attemptId.replaceAll("-", "").slice(0, 12), 16);
}
