// Leads of the largest allowed size, over HTTP: pages of lists end by size, and exports are complete.
import { randomBytes } from "node:crypto";
import Papa from "papaparse";
import { readSheet } from "read-excel-file/node";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { MAX_LENGTH } from "../../supabase/functions/_shared/leads/lead-values.ts";
import { addLeads } from "../fixtures/add-leads.ts";
import { callFunction } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { exportLeads } from "../fixtures/wait-for-job.ts";

const COUNT = 150;
const MOST = 5_000_000;
const stack = inject("stack");
const text = () => randomBytes(5_000).toString("hex");
const custom = { a: text(), b: text(), c: text() };
const notes = "n".repeat(MAX_LENGTH.notes);
let org: TestOrg;
let ids: string[];
beforeAll(async () => {
  org = await createOrg(stack, { numbers: 0 });
  ids = (await addLeads(org, COUNT)).map((lead) => lead.id).sort();
  await org.sql`update public.leads set custom_fields = ${org.sql.json(custom)}, notes = ${notes} where org_id = ${org.id}`;
});
afterAll(() => org?.close());

it("a page of a list ends by its size, and the cursor reaches every lead", async () => {
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const at: string = cursor ? `&cursor=${cursor}` : "";
    const { status, body } = await callFunction(stack, org.admin, "GET", `/leads?limit=1000${at}`);
    expect(status, JSON.stringify(body).slice(0, 500)).toBe(200);
    expect(JSON.stringify(body).length).toBeLessThan(MOST);
    expect(body.pagination.total).toBe(COUNT);
    seen.push(...body.data.map((lead: { id: string }) => lead.id));
    cursor = body.pagination.next_cursor;
  } while (cursor);
  expect(seen.sort()).toEqual(ids);
});

it.each(["csv", "xlsx"])("an export as %s is complete", async (format) => {
  const { job, file } = await exportLeads(org, { format });
  expect(job).toMatchObject({
    total_items: COUNT,
    done_items: COUNT,
    progress: 1,
    result: { file: { rows: COUNT } },
  });
  const rows: Record<string, unknown>[] =
    format === "csv"
      ? Papa.parse<Record<string, string>>(file.toString("utf8").replace(/^\ufeff/, ""), {
          header: true,
          skipEmptyLines: true,
        }).data
      : rowsOf(await readSheet(file));
  expect(rows.map((row) => row.lead_id as string).sort()).toEqual(ids);
  for (const row of rows)
    expect({ a: row.a, b: row.b, c: row.c, notes: row.notes }).toEqual({ ...custom, notes });
});

function rowsOf([heading = [], ...rows]: unknown[][]): Record<string, unknown>[] {
  return rows.map((cells) => Object.fromEntries(cells.map((cell, i) => [String(heading[i]), cell])));
}
