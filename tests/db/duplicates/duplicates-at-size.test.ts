// Matching takes time in proportion to the leads, for any names and any number that share one: a file of one organisation is
// matched in the same job as the leads of all others.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ArrangedOrg, arrangeOrg, signedIn } from "../../fixtures/arrange-sending.ts";
import { type BareDatabase, startBareDatabase } from "../../fixtures/start-bare-database.ts";

const FEW = 250;

let db: BareDatabase;
beforeAll(async () => {
  db = await startBareDatabase();
});
afterAll(() => db.close());

/** Adds leads as an import leaves them. @param fields of the lead with number i, in SQL */
async function addLeads(
  org: ArrangedOrg,
  count: number,
  fields: { name: string; street: string; phone?: string },
) {
  const phone = fields.phone ?? `'+1512' || lpad(((i * 7919) % 8000000 + 2000000)::text, 7, '0')`;
  await db.sql.unsafe(`
    with made as (
      insert into public.leads (id, org_id, first_name, last_name, address1, city, state, postal_code, phone_digits)
      select gen_random_uuid(), '${org.id}', left(n, 200), nullif(substr(n, 201, 200), ''), ${fields.street}, 'Austin', 'TX', '78701', '5'
      from generate_series(1, ${count}) i cross join lateral (select ${fields.name} as n) x returning id
    ), numbered as (select id, row_number() over () as i from made)
    insert into public.lead_phones (org_id, lead_id, e164, role) select '${org.id}', id, ${phone}, 'primary' from numbered`);
  await db.sql`analyze public.leads, public.lead_phones, private.lead_match_keys`;
}

/** Runs the job as cron does. @returns the time of its longest transaction, and the pages of tables and indexes read in all */
async function match() {
  let longest = 0;
  let pages = 0;
  for (;;) {
    const before = performance.now();
    const [row] =
      await db.sql`explain (analyze, buffers, timing off, format json) select private.match_leads()`;
    longest = Math.max(longest, performance.now() - before);
    const plan = row?.["QUERY PLAN"][0].Plan;
    pages += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"];
    const [left] = await db.sql`select exists (select from private.lead_changes) as any`;
    if (!left?.any) return { longest, pages };
  }
}

/** Counts pages instead of time, since they are the same on a busy machine. */
async function pagesOf(count: number, fields: Parameters<typeof addLeads>[2]): Promise<number> {
  const org = await arrangeOrg(db);
  // Reading an index without entries costs nothing.
  await addLeads(org, 300, {
    name: `'M Garcia'`,
    street: `i || ' Ash Rd'`,
    phone: `'+1512' || (4000000 + i)`,
  });
  await match();
  await addLeads(org, count, fields);
  return (await match()).pages;
}

/** 400 characters, the longest name: words of two letters, a few thousand different ones. */
const WORDS = `(select string_agg(chr(97 + (i * 31 + w * 7) % 26) || chr(97 + (i + w * 11) % 26), ' ') from generate_series(1, 133) w)`;
const SAME_WORDS = `(select string_agg(chr(97 + w % 26) || chr(97 + (w * 11) % 26), ' ' order by (w * i) % 131) from generate_series(1, 133) w)`;
const SAME_STREET = `'1 Elm Street'`;

describe("linear in the leads:", () => {
  it.each([
    ["names of 133 words, each another", { name: WORDS, street: SAME_STREET }],
    ["names of the same 133 words", { name: SAME_WORDS, street: SAME_STREET }],
    ["one name and address for all", { name: `'Maria Garcia'`, street: SAME_STREET }],
    [
      "one name and its initials",
      {
        name: `case when i % 2 = 0 then 'M Garcia' else 'Maria' || chr(97 + i % 26) || ' Garcia' end`,
        street: SAME_STREET,
      },
    ],
    [
      "names and initials by the hundred",
      { name: `chr(97 + i % 26) || ' Name' || i % 50`, street: SAME_STREET },
    ],
    ["one phone for all", { name: `'Lead ' || i`, street: `i || ' Oak Rd'`, phone: `'+15125550123'` }],
    ["different owners", { name: `'Owner' || i || ' Name' || i`, street: `i || ' Oak Rd'` }],
  ])(
    "%s",
    async (_, fields) => {
      const few = await pagesOf(FEW, fields);
      const many = await pagesOf(4 * FEW, fields);
      // Four times as many leads: 4 if it is linear, 16 if it is quadratic.
      expect(many / few).toBeLessThan(8);
      // Names of 133 words took 60,000 a lead.
      expect(many / (4 * FEW)).toBeLessThan(3000);
    },
    180_000,
  );
});

it("matches one organisation's leads for two seconds, and leaves the rest to the next run, after the others'", async () => {
  const [big, small] = [await arrangeOrg(db), await arrangeOrg(db)];
  await match();
  await addLeads(big, 3000, { name: WORDS, street: SAME_STREET });
  await addLeads(small, 2, { name: `'Maria Garcia'`, street: SAME_STREET });
  const { longest } = await match();
  // Two seconds and the current step, which takes many times as long on a busy machine. Without the limit it takes minutes.
  expect(longest).toBeLessThan(25_000);
  const listed = await db.sql`select 1 from private.duplicate_leads where org_id = ${small.id}`;
  expect(listed).toHaveLength(2);
  const [left] =
    await db.sql`select count(*)::int as n from private.lead_match_keys where org_id = ${big.id}`;
  expect(left?.n).toBe(3000);
}, 180_000);

it("finds the first lead of a name among many later ones, and each of those", async () => {
  const org = await arrangeOrg(db);
  await addLeads(org, 1, { name: `'Maria Garcia'`, street: SAME_STREET });
  await match();
  await addLeads(org, 700, {
    name: `'Garcia Maria'`,
    street: SAME_STREET,
    phone: `'+1512' || (3000000 + i)`,
  });
  await match();
  const [row] = await db.sql`select count(*)::int as n from private.duplicate_leads where org_id = ${org.id}`;
  expect(row?.n).toBe(701);
});

it("finds two leads whose names share the first eight words, but not leads that share the name only", async () => {
  const org = await arrangeOrg(db);
  const long = "alfa bravo charly delta echo foxtrot golf hotel";
  await addLeads(org, 1, { name: `'${long} kilo'`, street: SAME_STREET });
  await addLeads(org, 1, { name: `'${long} lima'`, street: SAME_STREET, phone: `'+15125550199'` });
  await addLeads(org, 1, {
    name: `'${long.replace("alfa", "zulu")}'`,
    street: SAME_STREET,
    phone: `'+15125550198'`,
  });
  await match();
  expect(await db.sql`select 1 from private.duplicate_leads where org_id = ${org.id}`).toHaveLength(2);
});

it("is listed in time if thousands share a name, fifty leads of a group, page by page to the end", async () => {
  const org = await arrangeOrg(db);
  const user = await signedIn(db, org.adminId);
  await addLeads(org, 3000, { name: `'Maria Garcia'`, street: SAME_STREET });
  await match();
  interface Page {
    groups: { leads: unknown[] }[];
    next: { rank: number; id: string } | null;
  }
  let after: Page["next"] = null;
  let groups = 0;
  let pages = 0;
  do {
    const started = performance.now();
    const rows: { page: Page }[] = await user.sql`
      select public.list_duplicates(null, 200, 0, ${(after as Page["next"])?.rank ?? null}, ${(after as Page["next"])?.id ?? null}) as page`;
    const page = rows[0]?.page as Page;
    expect(performance.now() - started).toBeLessThan(30_000);
    for (const { leads } of page.groups) expect(leads.length).toBeLessThanOrEqual(50);
    groups += page.groups.length;
    after = page.next;
    pages += 1;
  } while (after && pages < 100);
  expect(after).toBeNull();
  expect(groups).toBeGreaterThan(0);
  await user.end();
});
