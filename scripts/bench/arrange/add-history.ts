// The history of an organisation: a finished campaign with its targets, messages, attempts and receipts.
import type postgres from "postgres";
import type { BenchOrg } from "./create-org.ts";
import { phoneSql } from "./places.ts";

/**
 * Written 40 to 90 days before `now`, so that no cooldown applies. Afterwards every second person with a running number from
 * `from` on has one of the numbers as their known number, spread evenly over the numbers.
 */
export async function addHistory(
  sql: postgres.Sql,
  org: BenchOrg,
  { from, count, now }: { from: number; count: number; now: Date },
): Promise<void> {
  const [campaign] = await sql`
    insert into public.campaigns (org_id, name, status, started_at, finished_at)
    values (${org.id}, 'Last quarter', 'completed', ${now}, ${now}) returning id`;
  await sql.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    await tx.unsafe(
      `
      with made as (
        select n, gen_random_uuid() as target_id, private.uuid_v7() as message_id, private.uuid_v7() as attempt_id,
          ${phoneSql("n")} as e164, $4::timestamptz - interval '40 days' - make_interval(mins => n % 72000) as at,
          ($5::uuid[])[1 + n / 2 % cardinality($5::uuid[])] as number_id, ($6::text[])[1 + n / 2 % cardinality($6::text[])] as number,
          ($7::uuid[])[1 + n % cardinality($7::uuid[])] as template_id, 'SM' || md5('history' || n || $1::uuid::text) as sid
        from generate_series($2::integer, $2 + ($3::integer - 1) * 2, 2) n
      ),
      targets as (
        insert into public.campaign_targets (id, org_id, campaign_id, lead_id, e164, ordinal, window_key, state, delivery, attempts,
          phone_number_id, message_id, last_template_id, sent_at, created_at, updated_at)
        select target_id, $1::uuid, $8::uuid, target_id, e164, n, 'America/Chicago|TX', 'sent', 'delivered', 1, number_id, message_id, template_id, at, at, at from made
      ),
      texts as (
        insert into public.messages (id, org_id, kind, campaign_id, campaign_target_id, step, phone_number_id, template_id, template_version,
          variables, from_number, to_number, content, language, status, attempt_id, provider_sid, provider_status, provider_rank,
          charged_segments, charged_day, segments, queued_at, sent_at, settled_at, created_at, updated_at)
        select message_id, $1::uuid, 'campaign', $8::uuid, target_id, 1, number_id, template_id, 1,
          '{"brand": "Tierras Claras", "first_name": "Rosa"}', number, e164,
          'Hola Rosa, somos Tierras Claras. ¿Vende su terreno en Dallas? Responda ALTO para salir.', 'es', 'delivered', attempt_id,
          sid, 'delivered', 5, 2, at::date, 2, at, at, at, at, at from made
      ),
      attempts as (
        insert into public.send_attempts (id, org_id, message_id, number, worker_id, outcome, slot_at, claimed_at, settled_at, http_status, provider_sid)
        select attempt_id, $1::uuid, message_id, 1, message_id, 'accepted', at, at, at, 201, sid from made
      ),
      receipts as (
        insert into public.message_status_events (org_id, message_id, attempt_id, provider_sid, status, created_at)
        select $1::uuid, message_id, attempt_id, sid, s, at from made cross join unnest(array['sent', 'delivered']) s
      )
      insert into private.contacts (org_id, e164, phone_number_id, last_campaign_id, last_sent_at)
      select $1::uuid, e164, number_id, $8::uuid, at from made`,
      [
        org.id,
        from,
        count,
        now,
        org.numbers.map(({ id }) => id),
        org.numbers.map(({ e164 }) => e164),
        org.templates,
        campaign?.id,
      ],
    );
  });
}
