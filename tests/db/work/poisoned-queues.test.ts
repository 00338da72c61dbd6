// Imports, jobs, lookups, enrichments and files of messages: an item that can neither be done nor given up does not delay the others, and one that
// ends its worker each time is found and given up. Organisations with much work wait for those with little.
import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import {
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  phoneAt,
} from "../../fixtures/arrange-sending.ts";
import { backdated, poison, runJob } from "../../fixtures/poison.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let busy: ArrangedOrg;
let neighbour: ArrangedOrg;
beforeEach(async () => {
  await bench.clear();
  for (const queue of ["builds", "imports", "jobs", "file_removals", "lookups", "enrichments", "media"])
    await bench.sql`delete from ${bench.sql(`pgmq.q_${queue}`)}`;
  await bench.sql`delete from private.work_failures`;
  busy = await arrangeOrg(bench.db);
  neighbour = await arrangeOrg(bench.db);
});

const send = (queue: string, org: ArrangedOrg, message: Record<string, unknown>) =>
  bench.sql`select private.send_work(${queue}, ${org.id}, ${bench.sql.json(message as never)})`;
/** How to make an item of each queue, and how the worker claims the next. */
const QUEUES: Record<string, { add(org: ArrangedOrg): Promise<string>; claim: string; idOf: string }> = {
  builds: {
    async add(org) {
      const [row] = await bench.sql`
        insert into public.campaigns (org_id, name, status) values (${org.id}, 'Built', 'building') returning id`;
      await send("builds", org, { campaign_id: row?.id });
      return row?.id;
    },
    claim: "private.claim_build()",
    idOf: "campaign_id",
  },
  imports: {
    async add(org) {
      const id = randomUUID();
      await bench.sql`
        insert into public.imports (id, org_id, file_name, file_bytes, content_hash, storage_path, encoding, delimiter, columns, mapping)
        values (${id}, ${org.id}, 'a.csv', 10, ${"0".repeat(64)}, ${`${org.id}/${id}.csv`}, 'utf-8', ',', '{Phone}', '{}')`;
      await send("imports", org, { import_id: id, chunk: 0 });
      return id;
    },
    claim: "private.claim_import_chunk()",
    idOf: "id",
  },
  jobs: {
    async add(org) {
      const input = { action: "add_tags", value: ["A"], filter: {} };
      const [row] = await bench.sql`
        select private.create_job(${org.id}, 'lead_bulk_action', 'operator', ${bench.sql.json(input)}, '{"filter": {}}') as id`;
      return row?.id;
    },
    claim: "private.claim_job_step()",
    idOf: "id",
  },
  file_removals: {
    async add(org) {
      const folder = `${org.id}/${randomUUID()}`;
      await send("file_removals", org, { folder });
      return folder;
    },
    claim: "private.claim_file_removal()",
    idOf: "folder",
  },
  lookups: { add: (org) => addLane(org, "lookups"), claim: "private.claim_lookups()", idOf: "lane_id" },
  enrichments: {
    add: (org) => addLane(org, "enrichments"),
    claim: "private.claim_enrichments()",
    idOf: "lane_id",
  },
  media: {
    async add(org) {
      const [message] = await bench.sql`
        insert into public.messages (org_id, kind, from_number, to_number, status)
        values (${org.id}, 'inbound', ${phoneAt(904)}, ${org.numbers[0]?.e164 as string}, 'received') returning id`;
      await bench.sql`select private.receive_media(${org.id}, ${message?.id}, '{https://api.twilio.com/x}', now())`;
      const [media] = await bench.sql`select id from public.message_media where message_id = ${message?.id}`;
      return media?.id;
    },
    claim: "private.claim_media()",
    idOf: "media_id",
  },
};
async function addLane(org: ArrangedOrg, queue: string, calls = 1): Promise<string> {
  const [lane, service] = [randomUUID(), randomUUID()];
  const serviceId = queue === "lookups" ? "null" : `'${service}'`;
  await backdated(
    bench.sql,
    `insert into public.enrichment_services (id, org_id, kind, name, url, request, field_map, is_enabled)
     select '${service}', '${org.id}', 'scrub', '${service}', 'https://scrub.example.com', '{}', '{}', true where ${serviceId} is not null;
     update public.orgs set lookup_enabled = true, lookup_daily_budget = 1000 where id = '${org.id}';
     delete from private.call_lanes where '${queue}' = 'lookups' and org_id = '${org.id}' and service_id is null;
     insert into private.call_lanes (id, org_id, queue, service_id) values ('${lane}', '${org.id}', '${queue}', ${serviceId})`,
  );
  const leads = await arrangeLeads(bench.db, org.id, calls);
  await bench.sql`delete from pgmq.q_lookups q where q.message ->> 'lane_id' in (select l.id::text from private.call_lanes l where l.org_id = ${org.id})`;
  for (const { e164 } of leads)
    await bench.sql`
      insert into private.outside_calls (lane_id, subject, due_at, requested_at)
      values (${lane}, ${e164}, now() - interval '1 minute', now()) on conflict do nothing`;
  await send(queue, org, { lane_id: lane });
  return lane;
}
// biome-ignore lint/suspicious/noExplicitAny: the result of any claim
const claim = async (queue: string): Promise<any> =>
  (await bench.a.sql.unsafe(`select ${QUEUES[queue]?.claim} as claimed`))[0]?.claimed;
const makeDue = (queue: string) =>
  bench.sql`update ${bench.sql(`pgmq.q_${queue}`)} set vt = clock_timestamp()`;

test("no queue is without such a case", async () => {
  const queues = (await bench.sql`select queue_name from pgmq.list_queues()`).map(
    ({ queue_name }) => queue_name,
  );
  // Queues of messages are tested in poisoned-builds.test.ts.
  expect(queues.sort()).toEqual([...Object.keys(QUEUES), "replies", "sends"].sort());
});

describe.each(Object.keys(QUEUES))("queue %s", (queue) => {
  const { add, idOf } = QUEUES[queue] as (typeof QUEUES)[string];

  test("an organisation with forty items does not delay one with a single item", async () => {
    const first = queue === "lookups" ? 1 : 40;
    for (let i = 0; i < first; i++) await add(busy);
    const before = await claim(queue);
    expect(before).toBeTruthy();
    const own = await add(neighbour);
    const next = [await claim(queue), await claim(queue)].map((claimed) => claimed?.[idOf]);
    expect(next).toContain(own);
  });

  test("an item that ends its worker each time comes back later each time, and not as the first", async () => {
    const bad = await add(busy);
    expect((await claim(queue))?.[idOf]).toBe(bad);
    await makeDue(queue);
    await bench.sql`update private.outside_calls set due_at = now() - interval '1 minute'`;
    const own = await add(neighbour);
    expect((await claim(queue))?.[idOf]).toBe(own);
    expect((await claim(queue))?.[idOf]).toBe(bad);
    const [row] = await bench.sql.unsafe(
      `select read_ct, extract(epoch from vt - clock_timestamp())::int as seconds from pgmq.q_${queue} where read_ct = 2`,
    );
    expect(row?.seconds).toBeGreaterThan(queue === "lookups" || queue === "enrichments" ? 200 : 55);
  });
});

describe.each([
  ["imports", "public.imports"],
  ["jobs", "public.jobs"],
])("queue %s", (queue, table) => {
  test("an item that can neither go on nor be given up lets others go on, and is tried once an hour", async () => {
    const bad = await QUEUES[queue]?.add(busy);
    const mend = await poison(bench.sql, { table, on: "update", when: `new.org_id = '${busy.id}'` });
    await bench.sql`update ${bench.sql(`pgmq.q_${queue}`)} set read_ct = 5`;
    const own = await QUEUES[queue]?.add(neighbour);
    expect((await claim(queue))?.id).toBe(own);
    expect(await claim(queue)).toBeNull();
    const status = async () =>
      (await bench.sql`select status, error_message from ${bench.sql(table)} where id = ${bad as string}`)[0];
    expect(await status()).toMatchObject({ status: "queued" });
    await mend();
    await makeDue(queue);
    expect((await claim(queue))?.id).not.toBe(bad);
    expect(await status()).toMatchObject({
      status: "failed",
      error_message: expect.stringMatching(/stopped 5 times/),
    });
  });
});

describe.each(["lookups", "enrichments"])("queue %s", (queue) => {
  test("a call that ends its worker each time is distinguished from the others of its batch, and given up after five tries", async () => {
    const lane = await addLane(busy, queue, 4);
    const calls = () =>
      bench.sql`select subject, claims, given_up_at, last_error from private.outside_calls where lane_id = ${lane} order by subject`;
    const killer = (await calls())[2]?.subject;
    let deaths = 0;
    for (
      let round = 0;
      round < 30 && (await calls()).some(({ given_up_at }) => given_up_at === null);
      round++
    ) {
      await makeDue(queue);
      await bench.sql`update private.outside_calls set due_at = now() - interval '1 minute' where given_up_at is null`;
      await bench.sql`select private.wake_call_lanes()`;
      const batch = await claim(queue);
      const subjects: string[] = batch?.calls.map(({ subject }: { subject: string }) => subject) ?? [];
      if (subjects.includes(killer)) deaths += 1;
      else if (subjects.length > 0)
        await bench.sql`
          select private.settle_outside_calls(
            ${bench.sql.json(batch)}, ${bench.sql.json(subjects.map((subject) => ({ subject, outcome: "done" })))}, 5, now())`;
    }
    expect(deaths).toBe(5);
    expect(await calls()).toEqual([
      {
        subject: killer,
        claims: 5,
        given_up_at: expect.any(Date),
        last_error: expect.stringMatching(/^Each of five workers/),
      },
    ]);
  });

  test("a lane that can't be claimed from is counted, raises an alert, and does not delay others", async () => {
    await QUEUES[queue]?.add(busy);
    const mend = await poison(bench.sql, {
      table: "private.call_lanes",
      on: "update",
      when: `new.org_id = '${busy.id}'`,
    });
    const own = await QUEUES[queue]?.add(neighbour);
    const claimed = [await claim(queue), await claim(queue)];
    expect(claimed.filter((one) => one?.calls.length > 0).map(({ lane_id }) => lane_id)).toEqual([own]);
    for (let tries = 2; tries <= 5; tries++) {
      await bench.sql`update ${bench.sql(`pgmq.q_${queue}`)} q set vt = clock_timestamp() where q.message ->> 'lane_id' <> ${own as string}`;
      expect((await claim(queue))?.calls).toEqual([]);
    }
    const alerts =
      await bench.sql`select org_id from public.alerts where kind = 'work_set_aside' and resolved_at is null`;
    expect(alerts).toEqual([{ org_id: busy.id }]);
    await mend();
    await makeDue(queue);
    const again = [await claim(queue), await claim(queue)].map((one) => one?.org_id);
    expect(again).toContain(busy.id);
    expect(await bench.sql`select 1 from private.work_failures`).toEqual([]);
  });
});

test("neither a failing look nor ten thousand attempts of one organisation delay the looks of others", async () => {
  const attempt = (org: ArrangedOrg, count: number, age: string) =>
    backdated(
      bench.sql,
      `with m as (
         insert into public.messages (org_id, kind, phone_number_id, from_number, to_number, status, charged_segments, language, content)
         select '${org.id}', 'reply', '${org.numbers[0]?.id}', '${org.numbers[0]?.e164}', '${phoneAt(905)}', 'unknown', 1, 'es', 'Hola'
         from generate_series(1, ${count}) returning id, org_id)
       insert into public.send_attempts (id, org_id, message_id, number, worker_id, slot_at, claimed_at, outcome, settled_at, next_look_at)
       select gen_random_uuid(), m.org_id, m.id, 1, gen_random_uuid(), now(), now(), 'unknown', now(), now() - interval '${age}' from m`,
    );
  await attempt(busy, 60, "1 hour");
  await attempt(neighbour, 1, "1 minute");
  const mend = await poison(bench.sql, {
    table: "public.send_attempts",
    on: "update",
    when: `new.org_id = '${busy.id}'`,
  });
  const looks = async () => (await bench.a.sql`select message_id from private.due_looks()`).length;
  expect(await looks()).toBe(1);
  expect(
    (await bench.sql`select count(*)::int as n from private.work_failures where kind = 'look'`)[0]?.n,
  ).toBe(19);
  await mend();
  expect(await looks()).toBe(20);
});

test("a plan that takes longer than a statement may is counted, and the next run plans for the others", async () => {
  for (const org of [busy, neighbour]) {
    await arrangeLeads(bench.db, org.id, 2);
    await bench.sql`update public.phone_numbers set mps = 5 where org_id = ${org.id}`;
  }
  for (const org of [busy, neighbour]) await arrangeCampaign(bench.db, org, { quiet_hours_override: true });
  const mend = await poison(
    bench.sql,
    { table: "public.messages", on: "insert", when: `new.org_id = '${busy.id}'` },
    "perform pg_sleep(60)",
  );
  await bench.holder.sql`set statement_timeout = '2s'`;
  await runJob(bench.holder.sql, "sending");
  await runJob(bench.holder.sql, "sending");
  await bench.holder.sql`reset statement_timeout`;
  await mend();
  expect(
    (await bench.sql`select tries, error from private.work_failures where kind = 'plan'`)[0],
  ).toMatchObject({
    tries: 1,
    error: expect.stringMatching(/statement timeout/),
  });
  const [planned] =
    await bench.sql`select count(*)::int as n from public.messages where org_id = ${neighbour.id}`;
  expect(planned?.n).toBe(2);
});
