// Imports from upload to the last row, by the worker: what becomes of each row of a messy file.

import { waitFor } from "local-supabase/testing/wait-for";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { openChannel } from "../../scripts/realtime/open-channel.ts";
import { monthTag } from "../../supabase/functions/_shared/leads/auto-tags.ts";
import { callFunction } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { fictionalPhoneAt } from "../fixtures/list-phones.ts";
import { importCsv, readRejections, startImport, uploadCsv } from "../fixtures/upload-csv.ts";

const stack = inject("stack");
let org: TestOrg;
let next = 0;
const phone = () => fictionalPhoneAt(next++);

beforeAll(async () => {
  org = await createOrg(stack, { roles: ["viewer", "operator", "campaign_manager"], numbers: 0 });
});
afterAll(() => org.close());

const leadBy = async (search: string) => {
  const { body } = await callFunction(stack, org.admin, "GET", `/leads?${new URLSearchParams({ search })}`);
  expect(body.data).toHaveLength(1);
  return body.data[0];
};

it("imports a county's file: names, mailing address, parcel, phones with types, unknown columns, tags", async () => {
  const [a, b, c, d] = [phone(), phone(), phone(), phone()];
  const csv = [
    "Owner 1 First Name,Owner 1 Last Name,Mail Address,Mail City,Mail State,Mailing Zip,County,APN/Parcel,Lot Acres,Market Value,Phone 1,Phone1 Type,Phone 2,Cell,Phone 4,Flood Zone,Blank",
    `Guadalupe,"Peña, widow of Luis",12 Elm St,Boston,Massachusetts,2134,Travis,012-3,"1,200.5 acres","$120,000",${a},Landline,ask,${b},${c} / ${d},AE,`,
  ].join("\r\n");
  const row = await importCsv(org, csv, { fields: { tags: ["texas", "Q1-LIST"] } });
  expect(row).toMatchObject({
    status: "completed",
    total_rows: 1,
    imported_rows: 1,
    warning_count: 1,
    progress: 1,
    error_message: null,
    tags: ["TEXAS", "Q1-LIST"],
  });
  expect(await leadBy("guadalupe")).toMatchObject({
    first_name: "Guadalupe",
    last_name: "Peña, widow of Luis",
    import_id: row.id,
    status: "new",
    address1: "12 Elm St",
    city: "Boston",
    state: "MA",
    postal_code: "02134",
    county: "Travis",
    primary_phone: a,
    secondary_phone: b,
    alternate_phone: c,
    tags: ["TEXAS", "Q1-LIST"],
    custom_fields: { "Flood Zone": "AE", "Phone 4": `${c} / ${d}`, "Phone 2": "ask" },
    properties: [{ apn: "012-3", acreage: 1200.5, estimated_value: 120000, county: "Travis" }],
    phones: [{ line_type: "landline" }, { line_type: null }, { line_type: null }],
  });
  expect(await readRejections(org, row.id)).toMatchObject([
    {
      line: 2,
      outcome: "warning",
      field: "Phone 2",
      reason: expect.stringContaining("imported with its other phone"),
    },
  ]);
});

it("keeps every row that is not imported, with its line in the file, field, reason and cells", async () => {
  const [a, b, c, d, e] = [phone(), phone(), phone(), phone(), phone()];
  await callFunction(stack, org.admin, "POST", "/leads", {
    first_name: "Before",
    primary_phone: a,
    alternate_phone: b,
  });
  const csv = [
    "Name,Phone,Phone 2,Notes",
    `Good,${c},,"two\nlines, and a comma"`, // lines 2 and 3
    `Known by its second phone,${d},${b},`,
    "",
    `No phone,,,`,
    `Bad phone,123,,`,
    `Same phone as Good,${phone()},${c.replace("+1", "")},`,
    `"Broken quote,${e},,`,
    `Too,many,cells,in,this,row`,
    `Promoted,call me,${e},`,
    `,,,`,
  ].join("\n");
  const row = await importCsv(org, csv);
  expect(row).toMatchObject({
    total_rows: 8,
    imported_rows: 2,
    duplicate_rows: 2,
    rejected_rows: 4,
    warning_count: 1,
  });
  const found = await readRejections(org, row.id);
  expect(found.map(({ line, outcome, field }) => [line, outcome, field])).toEqual([
    [4, "duplicate", "Phone 2"],
    [6, "rejected", "Phone"],
    [7, "rejected", "Phone"],
    [8, "duplicate", "Phone 2"],
    [9, "rejected", null],
    [10, "rejected", null],
    [11, "warning", "Phone"],
  ]);
  expect(found.map(({ reason }) => reason)).toEqual([
    expect.stringMatching(/The lead [0-9a-f-]{36} has the phone/),
    "The row has no phone number.",
    expect.stringContaining("too short"),
    `Line 2 has the phone ${c} too.`,
    expect.stringContaining("quotation mark"),
    expect.stringContaining("6 cells"),
    expect.stringContaining("no phone number in this text"),
  ]);
  expect(found[2]?.row).toEqual({ Name: "Bad phone", Phone: "123", "Phone 2": "", Notes: "" });
  expect((await leadBy("good")).notes).toBe("two\nlines, and a comma");
  expect(await leadBy("promoted")).toMatchObject({ primary_phone: e, custom_fields: { Phone: "call me" } });
  const onlyRejected = await readRejections(org, row.id, "outcome=rejected&limit=2");
  expect(onlyRejected.map(({ line }) => line)).toEqual([6, 7]);
});

it("judges rows that share phones in the order of the file: a later row is no duplicate of one that was left out", async () => {
  const [a, b, c, known] = [phone(), phone(), phone(), phone()];
  await callFunction(stack, org.admin, "POST", "/leads", { primary_phone: known });
  const csv = `Name,Phone,Cell\nFirst,${a},${b}\nLeft out,${b},${c}\nFree again,${c},\nLeft out too,${known},${phone()}\n`;
  const row = await importCsv(org, csv);
  expect(row).toMatchObject({ imported_rows: 2, duplicate_rows: 2 });
  expect((await readRejections(org, row.id)).map(({ line }) => line)).toEqual([3, 5]);
});

it("uses the caller's mapping: other fields, columns left out, and the rest as custom fields", async () => {
  const [a, b] = [phone(), phone()];
  const csv = `A;B;C;D\nRosa;${a};secret;x\nLuis;${b};secret;y\n`;
  const row = await importCsv(org, csv, {
    fields: { mapping: { A: "first_name", B: "primary_phone", C: null } },
  });
  expect(row).toMatchObject({
    imported_rows: 2,
    delimiter: ";",
    mapping: { A: "first_name", B: "primary_phone", C: "ignore", D: "custom_field" },
  });
  expect(await leadBy(a)).toMatchObject({ first_name: "Rosa", custom_fields: { D: "x" } });
});

it("gives the automatic tags that are asked for, and corrects the case of names unless told to keep it", async () => {
  const csv = (a: string) => `FIRST,LAST,PHONE,COUNTY,PROPERTY STATE,ACRES\nROSA,O'BRIEN,${a},HARRIS,TX,5\n`;
  const [a, b, c] = [phone(), phone(), phone()];
  const auto = { time: true, geographic: true, property: true, upload_date: "2025-09-30" };
  const row = await importCsv(org, csv(a), { fields: { tags: ["Q1"], auto_tags: auto } });
  expect(row.tags).toEqual(["Q1", "SEP25"]);
  expect(await leadBy(a)).toMatchObject({
    full_name: "Rosa O'Brien",
    county: "Harris",
    tags: ["Q1", "SEP25", "TX-HAR", "5-10AC"],
  });
  await importCsv(org, csv(b), { fields: { auto_tags: { property: true }, keep_case: "true" } });
  expect(await leadBy(b)).toMatchObject({ full_name: "ROSA O'BRIEN", county: "HARRIS", tags: ["5-10AC"] });
  const [{ time_zone: timeZone } = { time_zone: "" }] =
    await org.sql`select time_zone from public.orgs where id = ${org.id}`;
  const before = monthTag(new Date(), timeZone);
  const { tags } = await importCsv(org, csv(c), { fields: { auto_tags: "true" } });
  expect([before, monthTag(new Date(), timeZone)]).toContain(tags[0]);
});

it("records consent that came with the file, with file and line as evidence", async () => {
  const a = phone();
  const row = await importCsv(org, `Phone,Opt-in\n${a},Yes\n`);
  expect((await leadBy(a)).consent_status).toBe("granted");
  const [record] =
    await org.sql`select * from public.consent_records where org_id = ${org.id} and e164 = ${a}`;
  expect(record).toMatchObject({ status: "granted", method: "import", recorded_by: org.admin.id });
  expect(record?.evidence).toContain(`Import ${row.id}, file owners.csv, line 2`);
});

it("recognises the very same file and refuses it, or imports it again if told to: no lead is made twice", async () => {
  const csv = `Name,Phone\nOnce,${phone()}\n`;
  const first = await importCsv(org, csv);
  const again = await uploadCsv(org, "execute", csv, { fileName: "renamed.csv" });
  expect(again).toMatchObject({
    status: 409,
    body: { error: { code: "duplicate", details: { already_imported: { id: first.id } } } },
  });
  expect((await uploadCsv(org, "preview", csv)).body.data.already_imported.id).toBe(first.id);
  const repeated = await startImport(org, csv, { fields: { allow_repeat: "true" } });
  expect(repeated.already_imported.id).toBe(first.id);
  const stored =
    await org.sql`select name from storage.objects where bucket_id = 'imports' and name like ${`${org.id}/%`}`;
  const imports = await org.sql`select storage_path from public.imports where org_id = ${org.id}`;
  expect(stored.map((row) => row.name).sort()).toEqual(imports.map((row) => row.storage_path).sort());
});

it("shows progress over Realtime to the people of the organisation", async () => {
  const csv = `Name,Phone\n${Array.from({ length: 2500 }, () => `Someone,${phone()}`).join("\n")}\n`;
  const client = org.users.viewer?.client;
  if (!client) throw new Error("no viewer");
  await client.realtime.setAuth(org.users.viewer?.token ?? "");
  const seen: { id: string; status: string; processed_rows: number }[] = [];
  await openChannel(client, `org:${org.id}`, {
    onBroadcast({ payload }) {
      if (payload.table === "imports") seen.push(payload.record);
    },
  });
  const row = await importCsv(org, csv);
  expect(row.imported_rows).toBe(2500);
  // Another test's import may be under way on the same channel.
  const own = () => seen.filter((one) => one.id === row.id);
  await waitFor(() => own().some((one) => one.status === "completed"));
  const steps = own().map((one) => one.processed_rows);
  expect(steps).toEqual([...steps].sort((x, y) => x - y));
  expect(new Set(own().map((one) => one.status))).toEqual(new Set(["queued", "running", "completed"]));
});

describe("who may", () => {
  it("lets viewers and operators follow imports but start none", async () => {
    const csv = `Name,Phone\nX,${phone()}\n`;
    for (const role of ["viewer", "operator"] as const) {
      const user = org.users[role];
      for (const path of ["preview", "execute"] as const) {
        expect((await uploadCsv(org, path, csv, { user })).body.error.code).toBe("forbidden");
      }
      expect((await callFunction(stack, user, "GET", "/leads/imports")).status).toBe(200);
      const { error } =
        (await user?.client.rpc("create_import", { p_import_id: org.id, p_file: {}, p_mapping: {} })) ?? {};
      expect(error?.message).toContain("campaign_manager");
    }
    expect((await uploadCsv(org, "execute", csv, { user: org.users.campaign_manager })).status).toBe(202);
  });

  it("lists the newest first and hides another organisation's imports, rows and files", async () => {
    const other = await createOrg(stack, { numbers: 0 });
    const row = await importCsv(org, `Name,Phone\nX,bad\nY,${phone()}\n`);
    const { body } = await callFunction(stack, org.users.viewer, "GET", "/leads/imports?limit=1");
    expect(body.data[0]).toEqual(row);
    expect(body.pagination.next_cursor).not.toBeNull();
    const theirs = (path: string) => callFunction(stack, other.admin, "GET", path);
    expect((await theirs("/leads/imports")).body.data).toEqual([]);
    for (const path of ["", "/rejections", "/rejections.csv"]) {
      expect((await theirs(`/leads/import/${row.id}${path}`)).status, path).toBe(404);
    }
    expect((await other.admin.client.from("import_rejections").select("*")).data).toEqual([]);
    for (const user of [org.admin, other.admin]) {
      const { data } = await user.client.storage.from("imports").download(`${org.id}/${row.id}.csv`);
      expect(data).toBeNull();
    }
    await other.close();
  });
});

describe("the rejected rows as a CSV", () => {
  it("opens safely in a spreadsheet and can be imported again after mending", async () => {
    const a = phone();
    const csv = `Name,Phone,Notes\n"=HYPERLINK(""http://x"")",12,"@sum, -1"\n+cmd,abc,-5\nMended,34,ñ\n`;
    const row = await importCsv(org, csv);
    const answer = await callFunction(
      stack,
      org.users.viewer,
      "GET",
      `/leads/import/${row.id}/rejections.csv`,
    );
    expect(answer.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    expect(answer.headers.get("content-disposition")).toContain("owners-rejections.csv");
    const lines = (answer.body as string).replace(/^\ufeff/, "").split("\r\n");
    expect(lines[0]).toBe("Name,Phone,Notes,import_line,import_outcome,import_field,import_reason");
    expect(lines[1]).toMatch(/^"'=HYPERLINK\(""http:\/\/x""\)",12,"'@sum,' -1",2,rejected,Phone,/);
    expect(lines[2]).toMatch(/^'\+cmd,abc,-5,3,rejected,Phone,/);
    const mended = (answer.body as string)
      .replace("Mended,34", `Mended,${a}`)
      .replace(",12,", `,${phone()},`);
    const second = await importCsv(org, mended);
    expect(second).toMatchObject({ imported_rows: 2, rejected_rows: 1 });
    expect(await leadBy(a)).toMatchObject({ full_name: "Mended", notes: "ñ", custom_fields: {} });
    expect((await leadBy("hyperlink")).notes).toBe("@sum, -1");
  });

  it("refuses a row with a cell too many again until the cell is moved, and shows the reason once", async () => {
    const a = phone();
    const first = await importCsv(org, `Name,Address,Phone,Notes\nAl Smith,1 Elm St, Unit 2,${a},ok\n`);
    const download = async (id: string) =>
      (await callFunction(stack, org.users.viewer, "GET", `/leads/import/${id}/rejections.csv`))
        .body as string;
    const again = await importCsv(org, await download(first.id));
    expect(again).toMatchObject({ imported_rows: 0, rejected_rows: 1 });
    const lines = (await download(again.id)).replace(/^\ufeff/, "").split("\r\n");
    expect(lines[0]).toBe("Name,Address,Phone,Notes,import_line,import_outcome,import_field,import_reason");
    expect(lines[1]).toBe(
      `Al Smith,1 Elm St," Unit 2",${a},2,rejected,,"The row has 9 cells, but there are 8 columns. If a cell has the delimiter in it, put that cell in quotation marks.",ok`,
    );
    const moved = lines.join("\r\n").replace(`1 Elm St," Unit 2",${a},`, `1 Elm St Unit 2,${a},ok,`);
    const mended = await importCsv(org, moved.replace(/,ok\r\n$/, "\r\n"));
    expect(mended).toMatchObject({ imported_rows: 1, rejected_rows: 0 });
    expect(await leadBy(a)).toMatchObject({ address1: "1 Elm St Unit 2", notes: "ok", custom_fields: {} });
  });
});
