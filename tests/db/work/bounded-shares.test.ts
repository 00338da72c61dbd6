// How much work one organisation may have under way, and how much of a plan it may use.
import { beforeEach, describe, expect, test } from "vitest";
import { type ArrangedOrg, arrangeLeads, arrangeOrg } from "../../fixtures/arrange-sending.ts";
import { backdated } from "../../fixtures/poison.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
let other: ArrangedOrg;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db);
  other = await arrangeOrg(bench.db);
});

const campaigns = async (owner: ArrangedOrg, count: number, status: string) =>
  await backdated(
    bench.sql,
    `insert into public.campaigns (org_id, name, status, started_at, scheduled_at)
     select '${owner.id}', 'Campaign ' || n, '${status}', now(), now() from generate_series(1, ${count}) n`,
  );
const importInto = (owner: ArrangedOrg) => bench.sql`
  insert into public.imports (org_id, file_name, file_bytes, content_hash, storage_path, encoding, delimiter, columns, mapping)
  values (${owner.id}, 'a.csv', 10, ${"0".repeat(64)}, 'x', 'utf-8', ',', '{Phone}', '{}')`;
const jobOf = (owner: ArrangedOrg) =>
  bench.sql`select private.create_job(${owner.id}, 'lead_bulk_action', 'operator', '{}', '{}')`;
const draft = async (owner: ArrangedOrg, status: string) => {
  const [row] = await bench.sql`
    insert into public.campaigns (org_id, name, scheduled_at) values (${owner.id}, 'One', now()) returning id`;
  return bench.sql`update public.campaigns set status = ${status} where id = ${row?.id}`;
};

describe.each<
  [
    string,
    number,
    (owner: ArrangedOrg, count: number) => Promise<unknown>,
    (owner: ArrangedOrg) => PromiseLike<unknown>,
  ]
>([
  [
    "jobs under way",
    50,
    (owner, count) => Promise.all(Array.from({ length: count }, () => jobOf(owner))),
    jobOf,
  ],
  [
    "imports under way",
    50,
    (owner, count) => Promise.all(Array.from({ length: count }, () => importInto(owner))),
    importInto,
  ],
  [
    "audiences being built",
    50,
    (owner, count) => campaigns(owner, count, "building"),
    (owner) => draft(owner, "building"),
  ],
  [
    "running campaigns",
    500,
    (owner, count) => campaigns(owner, count, "running"),
    (owner) => draft(owner, "running"),
  ],
  [
    "scheduled campaigns",
    500,
    (owner, count) => campaigns(owner, count, "scheduled"),
    (owner) => draft(owner, "scheduled"),
  ],
  [
    "campaigns that have not ended",
    2000,
    (owner, count) => campaigns(owner, count, "ready"),
    (owner) => bench.sql`insert into public.campaigns (org_id, name) values (${owner.id}, 'One')`,
  ],
])("%s", (what, most, fill, add) => {
  test("are refused beyond the limit, with the remedy; another organisation has its own", async () => {
    await fill(org, most - 1);
    await add(org);
    await expect(add(org)).rejects.toMatchObject({
      code: "PT429",
      hint: "rate_limited",
      message: `Your organisation has ${most} ${what} at once, which is the most. Wait until one of them ends, or end one.`,
    });
    await add(other);
  });
});

test("two at the same moment do not both take the last free place", async () => {
  await Promise.all(Array.from({ length: 49 }, () => jobOf(org)));
  const results = await Promise.allSettled([jobOf(org), jobOf(org), jobOf(org)]);
  expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});

test("a plan looks at 200 of an organisation's campaigns, and the next one goes on with the others", async () => {
  await arrangeLeads(bench.db, org.id, 1);
  await campaigns(org, 450, "running");
  await backdated(
    bench.sql,
    `insert into private.campaign_turns (campaign_id) select id from public.campaigns where org_id = '${org.id}' on conflict do nothing;
     insert into public.campaign_targets (org_id, campaign_id, lead_id, lead_phone_id, e164, ordinal, window_key, state)
     select c.org_id, c.id, p.lead_id, p.id, p.e164, 1, 'America/Chicago|TX', 'waiting'
     from public.campaigns c join public.lead_phones p on p.org_id = c.org_id where c.org_id = '${org.id}'`,
  );
  const looked = async () => {
    const [row] = await bench.sql`
      select count(*)::int as n from private.campaign_turns p join public.campaigns c on c.id = p.campaign_id
      where c.org_id = ${org.id} and p.planned_at > '-infinity'`;
    return row?.n as number;
  };
  let before = 0;
  for (let plans = 0; before < 450; plans++) {
    expect(plans).toBeLessThan(60);
    await bench.sql`select private.plan_sends(${org.id})`;
    const now = await looked();
    expect(now).toBeGreaterThan(before);
    expect(now - before).toBeLessThanOrEqual(200);
    before = now;
    if (now > 250) break;
  }
  expect(before).toBeGreaterThan(200);
});
