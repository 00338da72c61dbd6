// Conversations with owners who have answered: of every state, class and label, with texts to search.
import type postgres from "postgres";

const TEXTS = [
  "yes how much would you pay",
  "si me interesa cuanto ofrece",
  "who is this",
  "not interested thanks",
  "which parcel do you mean",
  "call me tomorrow after five",
  "the land is in probate with my brother",
  "no vendo por ahora",
];

/**
 * Adds as many conversations as there are leads in the organisation, at most `count`: the last texts within 300 days, three
 * texts each, a sixth labeled. Triggers are off, and their work is done here.
 */
export async function addConversations(
  sql: postgres.Sql,
  orgId: string,
  { count, numberIds, assigneeIds }: { count: number; numberIds: string[]; assigneeIds: string[] },
): Promise<void> {
  const texts = `array[${TEXTS.map((text) => `'${text}'`).join(",")}]`;
  await sql.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    await tx`delete from public.conversations where org_id = ${orgId}`;
    await tx.unsafe(
      `
      with made as (
        select p.lead_id, p.e164, row_number() over (order by p.id) as n from public.lead_phones p
        where p.org_id = $1 and p.role = 'primary' order by p.id limit $2
      )
      insert into public.conversations (org_id, e164, lead_id, phone_number_id, status, unread_count, last_message, last_message_at,
        first_inbound_at, version, last_direction, assignee_id, assigned_at, is_starred, reply_class, class_source, waiting_since,
        hot_since, snoozed_until)
      select $1, e164, lead_id, ($3::uuid[])[1 + n % cardinality($3::uuid[])],
        case when n % 10 < 4 then 'active' when n % 40 = 7 then 'snoozed' else 'archived' end,
        case when n % 17 = 0 then 1 + n % 3 else 0 end, (${texts})[1 + n % ${TEXTS.length}],
        now() - make_interval(mins => (n * 7919 % 432000)::integer), now() - interval '300 days', 3,
        case when n % 3 = 0 then 'outbound' else 'inbound' end,
        case when n % 5 < 3 then ($4::uuid[])[1 + n % cardinality($4::uuid[])] end, case when n % 5 < 3 then now() end, n % 71 = 0,
        (array['interested', 'question', 'not_interested', 'wrong_number', 'stop', 'other', 'other', 'other'])[1 + n % 8], 'rules',
        case when n % 29 = 0 then now() - interval '1 hour' end, case when n % 8 = 0 then now() - interval '1 day' end,
        case when n % 10 >= 4 and n % 40 = 7 then now() + interval '30 days' end
      from made on conflict do nothing`,
      [orgId, count, numberIds, assigneeIds],
    );
    await tx.unsafe(
      `
      insert into public.messages (org_id, kind, status, conversation_id, lead_id, from_number, to_number, content, classification,
        conversation_version, created_at, updated_at, queued_at)
      select c.org_id, 'inbound', 'received', c.id, c.lead_id, c.e164, '+15125550100',
        (${texts})[1 + (k * 3 + length(c.e164) + ascii(right(c.e164, 1))) % ${TEXTS.length}] || ' ' || right(c.e164, 4), 'other', k,
        c.last_message_at - make_interval(hours => 3 - k), now(), now()
      from public.conversations c cross join generate_series(1, 3) k where c.org_id = $1`,
      [orgId],
    );
    await tx`
      insert into private.conversation_texts (message_id, org_id, conversation_id, search_text)
      select m.id, m.org_id, m.conversation_id, private.fold_text(m.content) from public.messages m
      where m.org_id = ${orgId} and m.conversation_id is not null`;
    await tx`
      insert into public.labels (org_id, name, created_at, updated_at)
      select ${orgId}, 'Label ' || n, now(), now() from generate_series(1, 20) n`;
    await tx`
      insert into public.conversation_labels (org_id, conversation_id, label_id, added_at)
      select c.org_id, c.id, l.id, now()
      from (select c.*, row_number() over (order by c.id) as n from public.conversations c where c.org_id = ${orgId}) c
      join (select l.*, row_number() over (order by l.name) as n from public.labels l where l.org_id = ${orgId}) l
        on c.n % 120 = l.n`;
  });
  await sql`analyze`;
}
