// Leads of the largest allowed size: pages of lists and parts of exports keep to their limits, and nothing is lost.
import { randomBytes } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { MAX_CUSTOM_BYTES, MAX_LENGTH } from "../../../supabase/functions/_shared/leads/lead-values.ts";
import { type ArrangedOrg, arrangeLeads, arrangeOrg, signedIn } from "../../fixtures/arrange-sending.ts";
import { claimStep, runStep } from "../../fixtures/drive-jobs.ts";
import type { Session } from "../../fixtures/open-session.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const COUNT = 150;
/** The largest size of a page or a part as JSON, with the syntax of its rows. */
const MOST = 6_000_000;
const bench = useBareDatabase();
let org: ArrangedOrg;
let admin: Session;
let ids: string[];
const sorted = (list: string[]) => [...list].sort();
const size = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

beforeAll(async () => {
  org = await arrangeOrg(bench.db, { numbers: 0 });
  admin = await signedIn(bench.db, org.adminId);
  const text = () => randomBytes(5_000).toString("hex");
  const custom_fields = { a: text(), b: text(), c: text() };
  expect(size(custom_fields)).toBeGreaterThan(MAX_CUSTOM_BYTES * 0.9);
  const fields = { custom_fields, notes: "ñ".repeat(MAX_LENGTH.notes) };
  ids = (await arrangeLeads(bench.db, org.id, COUNT, fields)).map((lead) => lead.id);
  await bench.sql`
    insert into public.lead_properties (org_id, lead_id, apn, situs, acreage)
    select ${org.id}, x.id, n, repeat('s', 300), n from unnest(${ids.slice(0, 40)}::uuid[]) x (id), generate_series(1, 100) n`;
});

it("a lead takes no more custom fields", async () => {
  const input = {
    custom_fields: {
      a: "x".repeat(10_000),
      b: "x".repeat(10_000),
      c: "x".repeat(10_000),
      d: "x".repeat(3_000),
    },
  };
  await expect(
    admin.sql`select public.create_lead(${admin.sql.json({ ...input, primary_phone: "+15125550199" })})`,
  ).rejects.toMatchObject({ code: "PT422", message: expect.stringContaining(`${MAX_CUSTOM_BYTES} bytes`) });
  await expect(
    bench.sql`update public.leads set custom_fields = ${bench.sql.json(input.custom_fields)} where id = ${ids[0] as string}`,
  ).rejects.toMatchObject({ code: "23514" });
});

describe("a list of them", () => {
  interface Found {
    leads: { id: string }[];
    total: number;
    next: string[] | null;
  }
  const page = async (limit: number, offset: number, after: string[] | null): Promise<Found> => {
    const [row] = await admin.sql`
      select public.search_leads(p_filter => '{}', p_limit => ${limit}, p_offset => ${offset},
        p_after => ${after && admin.sql.json(after)}) as found`;
    return row?.found;
  };

  it.each([
    ["from the first page on", 1000, 0],
    ["by small pages", 7, 0],
    ["from a page by number on", 100, 20],
  ])("gives each once, and never more than a page holds, %s", async (_, limit, offset) => {
    const seen: string[] = [];
    let after: string[] | null = null;
    for (let pages = 0; pages < 200; pages++) {
      const found: Found = await page(limit, after ? 0 : offset, after);
      expect(size(found.leads)).toBeLessThan(MOST);
      expect(found.leads.length).toBeGreaterThan(0);
      expect(found.total).toBe(COUNT);
      seen.push(...found.leads.map((lead) => lead.id));
      after = found.next;
      if (!after) break;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.length).toBe(COUNT - offset);
    expect(offset > 0 || sorted(seen).join() === sorted(ids).join()).toBe(true);
  });

  it("a single row is returned at any size", async () => {
    const found = await page(1, 0, null);
    expect(found.leads.length).toBe(1);
    expect(found.next).not.toBeNull();
  });
});

describe("an export of them", () => {
  interface Page {
    leads: { id: string; parcels: unknown[]; custom_fields: object }[];
    passed: number;
    is_last: boolean;
  }
  const read = async (rowsPer: "lead" | "parcel", meanwhile = async () => {}): Promise<Page[]> => {
    const options = { format: "csv", columns: null, rows_per: rowsPer };
    const [row] = await admin.sql`select public.create_export('{}', ${admin.sql.json(options)}) as job`;
    const id = row?.job.id as string;
    await runStep(bench.a.sql, (await claimStep(bench.a.sql)) as never);
    await meanwhile();
    const pages: Page[] = [];
    for (let from = 0, isLast = false; !isLast; ) {
      const [found] = await bench.a.sql`select private.export_page(${id}, 1, ${from}) as page`;
      const page = found?.page as Page;
      expect(page.passed).toBeGreaterThan(0);
      pages.push(page);
      from += page.passed;
      isLast = page.is_last;
    }
    await bench.sql`delete from public.jobs where id = ${id}`;
    await bench.sql`delete from pgmq.q_jobs`;
    return pages;
  };
  const allIds = (pages: Page[]) => pages.flatMap((page) => page.leads.map((lead) => lead.id));

  it("has each in parts that are never larger", async () => {
    const pages = await read("lead");
    for (const { leads } of pages) expect(size(leads)).toBeLessThan(MOST);
    expect(sorted(allIds(pages))).toEqual(sorted(ids));
    expect(pages.reduce((sum, page) => sum + page.passed, 0)).toBe(COUNT);
  });

  it("counts a lead for each parcel that repeats it", async () => {
    const pages = await read("parcel");
    for (const { leads } of pages) {
      const repeated = leads.reduce(
        (sum, { parcels, ...lead }) => sum + size(lead) * Math.max(parcels.length, 1),
        0,
      );
      // One lead with a hundred parcels may be a part of its own.
      expect(leads.length === 1 || repeated < MOST).toBe(true);
    }
    expect(sorted(allIds(pages))).toEqual(sorted(ids));
  });

  it("skips leads that were deleted meanwhile", async () => {
    const gone = ids.slice(50, 100);
    const pages = await read("lead", async () => {
      await bench.sql`update public.leads set deleted_at = now() where id = any (${gone})`;
    });
    expect(sorted(allIds(pages))).toEqual(sorted(ids.filter((id) => !gone.includes(id))));
    expect(pages.reduce((sum, page) => sum + page.passed, 0)).toBe(COUNT);
  });
});
