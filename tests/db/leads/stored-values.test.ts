// Values stored before checks existed are checked again when they are used: their owner gets the reason, and nobody else waits.
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type ArrangedOrg, arrangeLeads, arrangeOrg, signedIn } from "../../fixtures/arrange-sending.ts";
import { claimStep, runStep } from "../../fixtures/drive-jobs.ts";
import type { Session } from "../../fixtures/open-session.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
let admin: Session;
beforeAll(async () => {
  org = await arrangeOrg(bench.db, { numbers: 0 });
  admin = await signedIn(bench.db, org.adminId);
  await arrangeLeads(bench.db, org.id, 3);
});
beforeEach(async () => {
  await bench.sql`delete from pgmq.q_jobs`;
});

const POISON = "x/../../../../../bucket/exports/empty";
const OPTIONS = { format: "csv", columns: null, rows_per: "lead" };
const startExport = async (filter: object = {}, options: object = OPTIONS): Promise<string> => {
  const [row] = await admin.sql`
    select public.create_export(${JSON.stringify(filter)}::text::jsonb, ${JSON.stringify(options)}::text::jsonb) as job`;
  return row?.job.id;
};
const refused = { code: "PT422" };

describe("an export", () => {
  it.each([
    { ...OPTIONS, format: POISON },
    { ...OPTIONS, format: "CSV" },
    { ...OPTIONS, format: null },
    { ...OPTIONS, path: "x" },
    { ...OPTIONS, columns: ["city", "nonsense"] },
    { ...OPTIONS, columns: [] },
    { ...OPTIONS, columns: "city" },
    { ...OPTIONS, rows_per: "page" },
    { format: "csv" },
    [],
    "csv",
  ])("is not started with %j", async (options) => {
    await expect(startExport({}, options as object)).rejects.toMatchObject(refused);
  });

  it("stored earlier with a path as its format is refused by every step, before the path is used", async () => {
    const id = await startExport();
    await bench.sql`update public.jobs set input = input || ${bench.sql.json({ format: POISON })} where id = ${id}`;
    const step = await claimStep(bench.a.sql);
    await expect(runStep(bench.a.sql, step as never)).rejects.toMatchObject(refused);
    await expect(bench.a.sql`select private.export_page(${id}, 1, 0)`).rejects.toMatchObject(refused);
    await expect(bench.a.sql`select private.export_parts(${id})`).rejects.toMatchObject(refused);
  });

  it.each([
    { never_contacted: "banana" },
    { created: { from: "infinity" } },
    { acreage: { from: "1e999999" } },
    { segment_ids: ["00000000-0000-4000-8000-000000000000"] },
  ])("of before with the filter %j is refused with its reason", async (filter) => {
    const id = await startExport();
    await bench.sql`update private.job_states set cursor = ${bench.sql.json({ filter })} where job_id = ${id}`;
    await expect(runStep(bench.a.sql, (await claimStep(bench.a.sql)) as never)).rejects.toMatchObject(
      refused,
    );
  });

  it("lists no more custom fields than a file shows, for any leads", async () => {
    const fields = Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`f${i}`, "x"]));
    const more = Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`g${i}`, "x"]));
    await arrangeLeads(bench.db, org.id, 2, { custom_fields: fields });
    await arrangeLeads(bench.db, org.id, 1, { custom_fields: more });
    const id = await startExport();
    await runStep(bench.a.sql, (await claimStep(bench.a.sql)) as never);
    const [state] =
      await bench.sql`select jsonb_array_length(cursor -> 'custom_fields') as n, cursor #>> '{custom_fields,0}' as first from private.job_states where job_id = ${id}`;
    expect(state).toEqual({ n: 501, first: "f0" });
  });
});

describe("a segment", () => {
  const count = (id: string) =>
    admin.sql`select public.count_leads(${admin.sql.json({ segment_ids: [id] })}) as count`;

  it.each([
    { contacted: "banana" },
    { acreage: { from: "NaN" } },
    { created: { from: "now" } },
    { search: 1 },
  ])("of before that holds %j is refused by its name", async (filter) => {
    const [row] = await bench.sql`
        insert into public.segments (org_id, name, kind, filter)
        values (${org.id}, ${JSON.stringify(filter)}, 'filter', ${bench.sql.json(filter as never)}) returning id`;
    await expect(count(row?.id)).rejects.toMatchObject({
      ...refused,
      message: expect.stringContaining("Save its filter again"),
    });
  });

  it("that refers to itself is refused, and causes no loop", async () => {
    const [row] = await bench.sql`
      insert into public.segments (org_id, name, kind, filter) values (${org.id}, 'Round', 'filter', '{}') returning id`;
    await bench.sql`update public.segments set filter = ${bench.sql.json({ segment_ids: [row?.id] })} where id = ${row?.id}`;
    await expect(count(row?.id)).rejects.toMatchObject(refused);
  });

  it("that was deleted makes its users fail with the reason", async () => {
    const [row] = await admin.sql`
      select public.save_segment(${admin.sql.json({ kind: "filter", name: "Gone soon", filter: {} })}) as id`;
    await startExport({ segment_ids: [row?.id] });
    await admin.sql`select public.delete_segment(${row?.id})`;
    await expect(runStep(bench.a.sql, (await claimStep(bench.a.sql)) as never)).rejects.toMatchObject({
      ...refused,
      message: expect.stringContaining("There is no segment"),
    });
  });

  it("is refused beyond 500, with the remedy", async () => {
    await bench.sql`
      insert into public.segments (org_id, name, kind)
      select ${org.id}, 'many ' || i, 'list' from generate_series(1, 500) i`;
    await expect(
      admin.sql`select public.save_segment(${admin.sql.json({ kind: "list", name: "One more" })})`,
    ).rejects.toMatchObject({ code: "PT409", message: expect.stringContaining("delete one") });
  });
});

describe("lists of ids and other arguments", () => {
  const many = Array.from({ length: 10_001 }, () => "00000000-0000-4000-8000-000000000000");
  const one = "00000000-0000-4000-8000-000000000000";
  it.each<[string, string]>([
    ["request_lookups(p_lead_ids => $1, p_dry_run => true)", "lead_ids"],
    [`change_segment_leads('${one}', $1)`, "add"],
    [`change_segment_leads('${one}', '{}', $1)`, "remove"],
    [`merge_leads('${one}', $1)`, "merge_ids"],
    ["dismiss_duplicates($1)", "lead_ids"],
    [`erase_lead('${one}', 'x', $1)`, "also_erase"],
    [`request_enrichment('${one}', $1)`, "lead_ids"],
  ])("%s refuses 10,001", async (call, field) => {
    await expect(admin.sql.unsafe(`select public.${call}`, [many])).rejects.toMatchObject({
      ...refused,
      detail: expect.stringContaining(`"field": "${field}"`),
    });
  });

  it.each<[string, string]>([
    [`lead_history('${one}', p_types => array['banana'])`, "type[0]"],
    [`lead_history('${one}', p_types => array_fill('sent'::text, array[100000]))`, "type"],
    [`lead_history('${one}', p_before => 'infinity')`, "cursor"],
    ["list_duplicates(p_reason => 'banana')", "reason"],
    [`list_duplicates(p_after_rank => 3, p_after_id => '${one}')`, "cursor"],
    ["list_duplicates(p_after_rank => 1)", "cursor"],
    ["read_known_mappings(array_fill('c'::text, array[12000]))", "columns"],
    ["find_known_leads(array[repeat('1', 100000)])", "e164s"],
    [`search_leads(p_after => '["infinity", "${one}"]')`, "cursor"],
    [`search_leads(p_after => '["2026-01-01", "${one}", "more"]')`, "cursor"],
    [`search_leads(p_after => '{"a": 1}')`, "cursor"],
    ["search_leads(p_sort_by => repeat('x', 100000))", "sort_by"],
    [
      `merge_leads('${one}', array['${many[0]?.replace("4000", "4001")}']::uuid[], '{"email": "x"}')`,
      "prefer.email",
    ],
    [
      `merge_leads('${one}', array['${many[0]?.replace("4000", "4001")}']::uuid[], '{"org_id": "${one}"}')`,
      "prefer.org_id",
    ],
  ])("%s names the field", async (call, field) => {
    await expect(admin.sql.unsafe(`select public.${call}`)).rejects.toMatchObject({
      ...refused,
      detail: expect.stringContaining(`"field": "${field}"`),
    });
  });

  it("null for allow_duplicate_phone does not allow a duplicate", async () => {
    const lead = admin.sql.json({ primary_phone: "+15125550142" });
    await admin.sql`select public.create_lead(${lead})`;
    await expect(admin.sql`select public.create_lead(${lead}, null)`).rejects.toMatchObject({
      code: "PT409",
    });
  });
});
