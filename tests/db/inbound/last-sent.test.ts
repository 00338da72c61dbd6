// The texts that we last sent to somebody who writes: read by their phone, however much others wrote.
import { beforeAll, expect, it } from "vitest";
import { type ArrangedOrg, arrangeOrg } from "../../fixtures/arrange-sending.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
let account: string;
beforeAll(async () => {
  org = await arrangeOrg(bench.db);
  const [row] = await bench.sql`select account_sid from public.twilio_accounts where org_id = ${org.id}`;
  account = row?.account_sid;
  const ours = org.numbers[0]?.e164 as string;
  // All but four texts come in, to one number: by the statistics, to_number has one value.
  await bench.sql`
    insert into public.messages (org_id, kind, status, from_number, to_number, content, created_at, updated_at, queued_at)
    select ${org.id}, 'inbound', 'received', '+1512' || (5550000 + i), ${ours}, 'Who is this?', now() - i * interval '1 minute', now(), now()
    from generate_series(1, 20000) i`;
  await bench.sql`analyze public.messages`;
  await bench.sql`
    insert into public.messages (org_id, kind, status, from_number, to_number, content, created_at, updated_at, queued_at)
    select ${org.id}, 'direct', 'sent', ${ours}, '+15125550001', 'Text ' || i, now() - i * interval '1 hour', now(), now()
    from generate_series(1, 4) i`;
});

it("are three at most, the newest first, and only the person's messages are read", async () => {
  const ours = org.numbers[0]?.e164 as string;
  await bench.sql.begin(async (tx) => {
    const [row] = await tx`select private.last_sent(${account}, '+15125550001', ${ours}) as sent`;
    expect(row?.sent).toEqual(["Text 1", "Text 2", "Text 3"]);
    const [read] = await tx`
      select seq_tup_read::int as scanned from pg_stat_xact_user_tables where relid = 'public.messages'::regclass`;
    expect(read?.scanned).toBe(0);
  });
  const [none] = await bench.sql`select private.last_sent(${account}, '+15125559999', ${ours}) as sent`;
  expect(none?.sent).toEqual([]);
});
