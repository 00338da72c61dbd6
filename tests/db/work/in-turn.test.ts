// Thousands of queued or scheduled items of one organisation do not delay the others: organisations take turns.
import { beforeEach, expect, test } from "vitest";
import {
  AFTERNOON,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  later,
} from "../../fixtures/arrange-sending.ts";
import { claim, makeDue, plan } from "../../fixtures/drive-sending.ts";
import { backdated } from "../../fixtures/poison.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let loud: ArrangedOrg;
let quiet: ArrangedOrg;
beforeEach(async () => {
  await bench.clear();
  loud = await arrangeOrg(bench.db);
  quiet = await arrangeOrg(bench.db);
});

const queuedOf = async (org: ArrangedOrg) =>
  (
    await bench.sql`select count(*)::integer as n from public.messages where org_id = ${org.id} and status = 'queued'`
  )[0]?.n;

test("of due messages, the first of each organisation come before the second of any", async () => {
  await bench.sql`update public.phone_numbers set mps = 100 where org_id = ${loud.id}`;
  await arrangeLeads(bench.db, loud.id, 300);
  await arrangeCampaign(bench.db, loud);
  expect(await plan(bench.a.sql, AFTERNOON)).toBeGreaterThan(100);
  await arrangeLeads(bench.db, quiet.id, 3);
  await arrangeCampaign(bench.db, quiet);
  await plan(bench.a.sql, AFTERNOON);
  const planned = await queuedOf(quiet);
  expect(planned).toBeGreaterThan(0);
  await makeDue(bench.sql);
  const claims = await claim(bench.a.sql, { now: AFTERNOON, limit: 20 });
  const ids = claims.map((send) => send.message_id);
  const [row] = await bench.sql`
    select count(*)::integer as n from public.messages where org_id = ${quiet.id} and id = any (${ids}::uuid[])`;
  expect(row?.n).toBeGreaterThan(0);
  // Messages without a slot yet were read, and are queued again for later.
  const [left] = await bench.sql`
    select count(*)::integer as n from pgmq.q_sends q join public.messages m on m.id = (q.message ->> 'message_id')::uuid
    where m.org_id = ${quiet.id} and q.vt <= now()`;
  expect(left?.n).toBe(0);
});

test("replies that wait for a slow number leave room for the campaigns of others", async () => {
  await arrangeLeads(bench.db, quiet.id, 3);
  await arrangeCampaign(bench.db, quiet);
  await plan(bench.a.sql, AFTERNOON);
  await bench.sql`
    with made as (
      insert into public.messages (org_id, kind, phone_number_id, from_number, to_number, content, status)
      select ${loud.id}, 'auto_reply', n.id, n.e164, '+1512555' || lpad(i::text, 4, '0'), 'Hola', 'queued'
      from public.phone_numbers n, generate_series(1, 200) i where n.id = ${loud.numbers[0]?.id ?? ""} returning id, org_id
    )
    select pgmq.send('replies', jsonb_build_object('message_id', id, 'org_id', org_id)) from made`;
  await makeDue(bench.sql);
  const taken = await bench.holder.sql`
    select m.org_id, t.queue from private.take_queued(20) t join public.messages m on m.id = t.message_id`;
  expect(taken).toHaveLength(20);
  expect(taken.filter((row) => row.org_id === quiet.id).length).toBe(await queuedOf(quiet));
});

test("a worker that asks for one message at a time serves everybody", async () => {
  for (const org of [loud, quiet]) {
    await arrangeLeads(bench.db, org.id, 3);
    await arrangeCampaign(bench.db, org);
  }
  await bench.sql`
    with made as (
      insert into public.messages (org_id, kind, phone_number_id, from_number, to_number, content, status)
      select ${loud.id}, 'auto_reply', n.id, n.e164, '+1512555' || lpad(i::text, 4, '0'), 'Hola', 'queued'
      from public.phone_numbers n, generate_series(1, 200) i where n.id = ${loud.numbers[0]?.id ?? ""} returning id, org_id
    )
    select pgmq.send('replies', jsonb_build_object('message_id', id, 'org_id', org_id)) from made`;
  await plan(bench.a.sql, AFTERNOON);
  await makeDue(bench.sql);
  const served = new Set<string>();
  for (let i = 0; i < 40; i++) {
    const [row] = await bench.holder.sql`
      select m.org_id from private.take_queued(1) t join public.messages m on m.id = t.message_id`;
    served.add(row?.org_id);
  }
  expect(served.size).toBe(2);
});

test("two workers that claim at once take different messages", async () => {
  await arrangeLeads(bench.db, loud.id, 40);
  await bench.sql`update public.phone_numbers set mps = 100 where org_id = ${loud.id}`;
  await arrangeCampaign(bench.db, loud);
  await plan(bench.a.sql, AFTERNOON);
  await makeDue(bench.sql);
  const take = async (sql: typeof bench.sql) =>
    (await sql`select message_id from private.take_queued(20)`).map((row) => row.message_id as string);
  const [one, two] = await bench.sql.begin(async (first) => {
    const mine = await take(first as unknown as typeof bench.sql);
    return [mine, await take(bench.holder.sql as never)];
  });
  expect(one).toHaveLength(20);
  expect(two).toHaveLength(20);
  expect(new Set([...one, ...two]).size).toBe(40);
});

test("an organisation with more numbers than anybody can serve has 1,000 messages queued at most", async () => {
  await bench.sql`update public.phone_numbers set mps = 100 where org_id = ${loud.id}`;
  await arrangeLeads(bench.db, loud.id, 1_200);
  await arrangeCampaign(bench.db, loud);
  for (let i = 0; i < 4; i++)
    await bench.holder
      .sql`select private.plan_sends(${loud.id}, ${later(AFTERNOON, i / 10)}, '5 seconds', 400)`;
  expect(await queuedOf(loud)).toBe(1_000);
});

test("a slow start of one organisation's campaigns holds up no other organisation's", async () => {
  // Each start of these takes a tenth of a second.
  await bench.holder.sql.unsafe(`
    create or replace function private.hasten_account_check(p_org_id uuid) returns void language plpgsql set search_path = '' as $$
    begin
      if p_org_id = '${loud.id}' then perform pg_sleep(0.1); end if;
      update private.account_checks k set due_at = '-infinity' where k.org_id = p_org_id and k.due_at > '-infinity';
    end; $$`);
  const scheduled = (org: ArrangedOrg, count: number) =>
    backdated(
      bench.sql,
      `insert into public.campaigns (org_id, name, status, scheduled_at)
       select '${org.id}', 'Campaign ' || n, 'scheduled', '${AFTERNOON.toISOString()}' from generate_series(1, ${count}) n`,
    );
  await scheduled(loud, 60);
  await scheduled(quiet, 1);
  const begun = performance.now();
  await bench.holder.sql`select private.start_scheduled(${later(AFTERNOON, 5)})`;
  expect(performance.now() - begun).toBeLessThan(30_000);
  const running = async (org: ArrangedOrg) =>
    (
      await bench.sql`select count(*)::integer as n from public.campaigns where org_id = ${org.id} and status = 'running'`
    )[0]?.n;
  expect(await running(quiet)).toBe(1);
  const first = await running(loud);
  expect(first).toBeLessThan(60);
  await bench.holder.sql`select private.start_scheduled(${later(AFTERNOON, 7)})`;
  expect(await running(loud)).toBeGreaterThan(first);
});

test("the room of a spending limit is computed as fast with thousands of campaigns", async () => {
  await bench.sql`update public.sending_limits set daily_spending_limit = 100 where org_id = ${loud.id}`;
  await backdated(
    bench.sql,
    `insert into public.campaigns (id, org_id, name, status) select gen_random_uuid(), '${loud.id}', 'x', 'ready' from generate_series(1, 3000);
     insert into public.campaign_templates (org_id, campaign_id, template_id)
     select c.org_id, c.id, t.id from public.campaigns c join public.templates t on t.org_id = c.org_id and t.category = 'initial'
     where c.org_id = '${loud.id}'`,
  );
  await bench.sql`analyze public.campaigns, public.campaign_templates`;
  const [worst] = await bench.sql`
    select max(worst_segments) as n from public.templates where org_id = ${loud.id} and category = 'initial' and is_active`;
  const [row] = await bench.sql`
    select private.spending_room(${loud.id}, ${AFTERNOON}) as room, s.segment_price + s.carrier_fee as price
    from public.sending_limits s where s.org_id = ${loud.id}`;
  expect(row?.room).toBe(Math.floor(100 / (Number(row?.price) * worst?.n)));
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    const begun = performance.now();
    await bench.sql`select private.spending_room(${loud.id}, ${later(AFTERNOON, i)})`;
    times.push(performance.now() - begun);
  }
  // 3,000 campaigns of 36 texts took a quarter of a second.
  expect(Math.min(...times)).toBeLessThan(30);
});
