// Messages that Twilio accepted a moment ago and has not reported on yet.
import { randomUUID } from "node:crypto";
import type postgres from "postgres";
import type { BenchOrg } from "./create-org.ts";
import { phoneSql } from "./places.ts";

export interface SentMessage {
  id: string;
  attemptId: string;
  sid: string;
  to: string;
  from: string;
}

/** Makes them for a completed campaign, so that nothing plans or sends while receipts arrive. */
export async function addSent(sql: postgres.Sql, org: BenchOrg, count: number): Promise<SentMessage[]> {
  const campaignId = randomUUID();
  await sql`
    insert into public.campaigns (id, org_id, name, status, started_at, finished_at)
    values (${campaignId}, ${org.id}, 'Just sent', 'completed', now(), now())`;
  return await sql.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    const rows = await tx.unsafe(
      `
      with made as materialized (
        select n, gen_random_uuid() as target_id, private.uuid_v7() as message_id, private.uuid_v7() as attempt_id,
          ${phoneSql("n + 300000")} as e164, ($2::uuid[])[1 + n % cardinality($2::uuid[])] as number_id,
          ($3::text[])[1 + n % cardinality($3::text[])] as number, 'SM' || md5('sent' || n || $1::uuid::text) as sid
        from generate_series(1, $4::integer) n
      ),
      targets as (
        insert into public.campaign_targets (id, org_id, campaign_id, lead_id, e164, ordinal, window_key, state, delivery, attempts,
          phone_number_id, message_id, sent_at)
        select target_id, $1::uuid, $5::uuid, target_id, e164, n, 'America/Chicago|TX', 'sent', 'unconfirmed', 1, number_id, message_id, now() from made
      ),
      texts as (
        insert into public.messages (id, org_id, kind, campaign_id, campaign_target_id, step, phone_number_id, from_number, to_number,
          content, language, status, attempt_id, provider_sid, provider_status, provider_rank, segments, sent_at)
        select message_id, $1::uuid, 'campaign', $5::uuid, target_id, 1, number_id, number, e164, 'Hola', 'es', 'sent', attempt_id,
          sid, 'queued', 1, 1, now() from made
      ),
      attempts as (
        insert into public.send_attempts (id, org_id, message_id, number, worker_id, outcome, slot_at, claimed_at, settled_at, http_status, provider_sid)
        select attempt_id, $1::uuid, message_id, 1, message_id, 'accepted', now(), now(), now(), 201, sid from made
      ),
      people as (
        insert into private.contacts (org_id, e164, phone_number_id, last_campaign_id, last_sent_at)
        select $1::uuid, e164, number_id, $5::uuid, now() from made
      )
      select message_id as id, attempt_id as "attemptId", sid, e164 as "to", number as "from" from made`,
      [org.id, org.numbers.map(({ id }) => id), org.numbers.map(({ e164 }) => e164), count, campaignId],
    );
    return rows as unknown as SentMessage[];
  });
}
