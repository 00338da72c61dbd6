// Rows whose phone a lead or an earlier row has: the result of each merge strategy.
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { addImport, applyChunk, applyQuietly, chunkRow, readImport } from "../fixtures/apply-import.ts";
import { callFunction } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { fictionalPhoneAt } from "../fixtures/list-phones.ts";

const stack = inject("stack");
let org: TestOrg;
let worker: postgres.Sql;
let next = 0;
const phone = () => fictionalPhoneAt(next++);
const MERGING = ["update", "fill", "add_phones"] as const;

beforeAll(async () => {
  org = await createOrg(stack, { numbers: 0 });
  worker = postgres(stack.WORKER_SESSION_URL, { max: 1, onnotice: () => {} });
});
afterAll(async () => {
  await worker.end();
  await org.close();
});

const read = async (id: string) => {
  const [row] = await org.sql`select lead from private.leads_json(array[${id}::uuid])`;
  return row?.lead;
};
const leadWith = async (e164: string) => {
  const rows =
    await org.sql`select p.lead_id from public.lead_phones p join public.leads l on l.id = p.lead_id where p.org_id = ${org.id} and e164 = ${e164} and deleted_at is null`;
  expect(rows).toHaveLength(1);
  return await read(rows[0]?.lead_id);
};
async function addLead(input: Record<string, unknown>): Promise<string> {
  const { status, body } = await callFunction(stack, org.admin, "POST", "/leads", input);
  expect(status, JSON.stringify(body)).toBe(201);
  return body.data.id;
}
async function merge(strategy: string, rows: ReturnType<typeof chunkRow>[], tags: string[] = []) {
  const id = await addImport(org, { merge_strategy: strategy }, tags);
  expect((await applyChunk(worker, id, 0, rows)).applied).toBe(true);
  return id;
}
interface Warning {
  line: number;
  field: string | null;
  reason: string;
  lead_id: string;
  raw: string[];
}
const warningsOf = async (id: string): Promise<Warning[]> =>
  (
    await org.sql`select line, field, reason, lead_id, raw from public.import_rejections where import_id = ${id} and outcome = 'warning' order by line, id`
  ).map((row) => ({ ...(row as Warning), line: Number(row.line) }));

describe("one lead and one row", () => {
  const stored = (a: string, b: string) => ({
    first_name: "Ana",
    city: "",
    county: "Travis",
    notes: "ours",
    tags: ["OLD"],
    lead_score: "hot",
    custom_fields: { Zone: "A", Owned: "1999" },
    primary_phone: a,
    secondary_phone: b,
    properties: [{ apn: "1", county: "Travis", state: "TX", acreage: 5 }],
  });
  const row = (known: string, added: string) =>
    chunkRow(7, [added, known], {
      lead: {
        first_name: "ANNA",
        city: "Austin",
        county: "Hays",
        lead_score: "cold",
        tags: ["NEW", "OLD"],
        custom_fields: { Zone: "B", Flood: "X" },
      },
      parcel: { apn: "1", county: "TRAVIS", state: "TX", acreage: 6, situs: "Oak Rd" },
    });

  it("update: the file's values win, and the rest stays", async () => {
    const [a, b, c] = [phone(), phone(), phone()];
    const id = await addLead(stored(a, b));
    const was = await read(id);
    const importId = await merge("update", [row(b, c)], ["NEW"]);
    expect(await readImport(org, importId)).toMatchObject({
      processed_rows: 1,
      updated_rows: 1,
      imported_rows: 0,
    });
    const lead = await read(id);
    expect(lead).toMatchObject({
      first_name: "ANNA",
      city: "Austin",
      county: "Hays",
      notes: "ours",
      lead_score: "cold",
      tags: ["OLD", "NEW"],
      custom_fields: { Zone: "B", Owned: "1999", Flood: "X" },
      primary_phone: a,
      secondary_phone: b,
      alternate_phone: c,
      import_id: null,
      properties: [{ id: was.properties[0].id, apn: "1", acreage: 6, situs: "Oak Rd", county: "TRAVIS" }],
    });
    expect(lead.properties).toHaveLength(1);
    const [found] = await org.sql`select phone_digits from public.leads where id = ${id}`;
    expect(found?.phone_digits).toBe([b, a, c].map((e164) => e164.slice(2)).join(" "));
  });

  it("fill: only blank fields are taken from the file", async () => {
    const [a, b, c] = [phone(), phone(), phone()];
    const id = await addLead(stored(a, b));
    await merge("fill", [row(b, c)], ["NEW"]);
    expect(await read(id)).toMatchObject({
      first_name: "Ana",
      city: "Austin",
      county: "Travis",
      notes: "ours",
      lead_score: "hot",
      tags: ["OLD", "NEW"],
      custom_fields: { Zone: "A", Owned: "1999", Flood: "X" },
      alternate_phone: c,
      properties: [{ apn: "1", acreage: 5, situs: "Oak Rd", county: "Travis" }],
    });
  });

  it("add_phones: nothing but phones, other parcels and the tags given at import", async () => {
    const [a, b, c] = [phone(), phone(), phone()];
    const id = await addLead(stored(a, b));
    const was = await read(id);
    await merge("add_phones", [row(b, c)], ["GIVEN"]);
    const lead = await read(id);
    expect(lead).toEqual({
      ...was,
      tags: ["OLD", "GIVEN"],
      alternate_phone: c,
      updated_at: lead.updated_at,
      phones: [...was.phones, expect.objectContaining({ e164: c, role: "alternate" })],
    });
  });

  it("create: a new lead nevertheless", async () => {
    const [a, b, c] = [phone(), phone(), phone()];
    const id = await addLead(stored(a, b));
    const was = await read(id);
    const importId = await merge("create", [row(b, c), chunkRow(8, [c])]);
    expect(await readImport(org, importId)).toMatchObject({
      imported_rows: 2,
      updated_rows: 0,
      duplicate_rows: 0,
    });
    expect(await read(id)).toEqual(was);
    expect(await org.sql`select 1 from public.leads where import_id = ${importId}`).toHaveLength(2);
  });

  it("skip, which is the default: the row is left out", async () => {
    const [a, b, c] = [phone(), phone(), phone()];
    const id = await addLead(stored(a, b));
    const was = await read(id);
    for (const options of [{}, { merge_strategy: "skip" }]) {
      const importId = await addImport(org, options);
      await applyChunk(worker, importId, 0, [row(b, c)]);
      expect(await readImport(org, importId)).toMatchObject({ imported_rows: 0, duplicate_rows: 1 });
    }
    expect(await read(id)).toEqual(was);
  });

  it.each(MERGING)(
    "%s: a row that says nothing new counts as updated and touches nothing",
    async (strategy) => {
      const a = phone();
      const id = await addLead({ first_name: "Ana", primary_phone: a });
      const [was] = await org.sql`select xmin, to_jsonb(l) as lead from public.leads l where id = ${id}`;
      const importId = await merge(strategy, [chunkRow(2, [a], { lead: { first_name: "Ana" } })]);
      expect(await readImport(org, importId)).toMatchObject({ processed_rows: 1, updated_rows: 1 });
      expect(
        (await org.sql`select xmin, to_jsonb(l) as lead from public.leads l where id = ${id}`)[0],
      ).toEqual(was);
      expect(await org.sql`select 1 from private.import_changes where import_id = ${importId}`).toEqual([]);
    },
  );
});

describe("phones", () => {
  it.each(MERGING)(
    "%s: what another lead has, or what no role is free for, is kept with its row",
    async (strategy) => {
      const [a, b, c, d, other] = [phone(), phone(), phone(), phone(), phone()];
      const id = await addLead({ primary_phone: a, alternate_phone: b });
      await addLead({ primary_phone: other });
      const importId = await merge(strategy, [chunkRow(2, [a, other, c]), chunkRow(3, [b, d])]);
      expect(await read(id)).toMatchObject({ primary_phone: a, secondary_phone: c, alternate_phone: b });
      expect(await warningsOf(importId)).toEqual([
        {
          line: 2,
          field: "Phone 2",
          reason: `Another lead has the phone ${other}: it was not added to this one.`,
          lead_id: id,
          raw: [a, other, c],
        },
        {
          line: 3,
          field: "Phone 2",
          reason: `The lead has three phones already: ${d} was not added.`,
          lead_id: id,
          raw: [b, d],
        },
      ]);
      expect(await readImport(org, importId)).toMatchObject({ updated_rows: 2, warning_count: 2 });
    },
  );

  it("find the oldest lead by the row's first phone that is known", async () => {
    const [a, b, unknown] = [phone(), phone(), phone()];
    const one = await addLead({ first_name: "One", primary_phone: a });
    const two = await addLead({ first_name: "Two", primary_phone: b });
    const younger = await callFunction(stack, org.admin, "POST", "/leads", {
      primary_phone: b,
      allow_duplicate_phone: true,
    });
    expect(younger.status).toBe(201);
    await merge("update", [chunkRow(2, [unknown, b, a], { lead: { notes: "here" } })]);
    expect((await read(two)).notes).toBe("here");
    expect((await read(two)).secondary_phone).toBe(unknown);
    expect((await read(one)).notes).toBeNull();
    expect((await read(younger.body.data.id)).notes).toBeNull();
  });

  it("keep the line type that was looked up, and take the file's if there is none", async () => {
    const [a, b] = [phone(), phone()];
    const id = await addLead({ primary_phone: a, secondary_phone: b });
    await org.sql`update public.lead_phones set line_type = 'mobile' where lead_id = ${id} and e164 = ${a}`;
    const row = chunkRow(2, [a, b]);
    for (const one of row.phones as { line_type?: string }[]) one.line_type = "landline";
    await merge("update", [row]);
    expect((await read(id)).phones.map((one: { line_type: string }) => one.line_type)).toEqual([
      "mobile",
      "landline",
    ]);
  });
});

describe("one owner with several rows", () => {
  const rows = (a: string, b: string, c: string) => [
    chunkRow(2, [a, b], { parcel: { apn: "1", county: "Travis", acreage: 1 } }),
    chunkRow(3, [phone()]),
    chunkRow(4, [b, c], { parcel: { apn: "2", county: "Travis", acreage: 2 }, lead: { city: "Austin" } }),
    chunkRow(5, [c], { parcel: { apn: "1", county: "Hays", acreage: 3 } }),
  ];

  it.each(MERGING)("%s: one lead with three parcels, in one chunk as over several", async (strategy) => {
    const inOne = [phone(), phone(), phone()] as [string, string, string];
    const id = await merge(strategy, rows(...inOne));
    expect(await readImport(org, id)).toMatchObject({
      processed_rows: 4,
      imported_rows: 2,
      updated_rows: 2,
    });
    const apart = [phone(), phone(), phone()] as [string, string, string];
    const other = await addImport(org, { merge_strategy: strategy });
    const cut = rows(...apart);
    await applyQuietly(org, other, 0, cut.slice(0, 1));
    await applyQuietly(org, other, 1, cut.slice(1, 3));
    await applyChunk(worker, other, 2, cut.slice(3));
    expect(await readImport(org, other)).toMatchObject({
      processed_rows: 4,
      imported_rows: 2,
      updated_rows: 2,
    });
    const shape = async (phones: string[]) => {
      const lead = await leadWith(phones[0] as string);
      const { first_name, city, custom_fields, tags, properties } = lead;
      return {
        first_name,
        city,
        custom_fields,
        tags,
        phones: ["primary_phone", "secondary_phone", "alternate_phone"].map((role) =>
          phones.indexOf(lead[role]),
        ),
        properties: properties
          .map((one: Record<string, unknown>) => [one.apn, one.county, one.acreage])
          .sort(),
      };
    };
    expect(await shape(inOne)).toEqual(await shape(apart));
    expect(await shape(inOne)).toMatchObject({
      first_name: strategy === "update" ? "Line 5" : "Line 2",
      phones: [0, 1, 2],
      city: strategy === "add_phones" ? null : "Austin",
      properties: [
        ["1", "Hays", 3],
        ["1", "Travis", 1],
        ["2", "Travis", 2],
      ],
    });
  });

  it("recognises parcels without an APN by their address, or by all their values", async () => {
    const a = phone();
    const parcels = [
      { situs: "Oak Rd 1" },
      { situs: "OAK RD 1", acreage: 2 },
      { acreage: 2 },
      { acreage: 2 },
      { acreage: 3 },
    ];
    await merge(
      "update",
      parcels.map((parcel, i) => chunkRow(i + 2, [a], { parcel })),
    );
    const { properties } = await leadWith(a);
    expect(properties.map((one: Record<string, unknown>) => [one.situs, one.acreage]).sort()).toEqual(
      [
        ["OAK RD 1", 2],
        [null, 2],
        [null, 3],
      ].sort(),
    );
  });
});

describe("consent and status", () => {
  const consentOf = async (id: string) => {
    const lead = await read(id);
    return [lead.consent_status, ...lead.phones.map((one: { consent_status: string }) => one.consent_status)];
  };
  const recordsOf = (id: string) =>
    org.sql`select e164, status, import_id, evidence from public.consent_records where lead_id = ${id} and method = 'import' order by e164`;

  it.each(MERGING)("%s: a yes is for the phones of its row and never over a no", async (strategy) => {
    const [a, b, c] = [phone(), phone(), phone()];
    const id = await addLead({ primary_phone: a, secondary_phone: b });
    const importId = await merge(strategy, [chunkRow(2, [a, c], { lead: { consent_status: "granted" } })]);
    expect(await consentOf(id)).toEqual(["granted", "granted", "unknown", "granted"]);
    expect(await recordsOf(id)).toEqual(
      [a, c].map((e164) => ({
        e164,
        status: "granted",
        import_id: importId,
        evidence: `Import ${importId}, file a.csv, line 2`,
      })),
    );
    const denied = await addLead({ primary_phone: phone(), consent_status: "denied" });
    const { primary_phone } = await read(denied);
    await merge(strategy, [chunkRow(2, [primary_phone, phone()], { lead: { consent_status: "granted" } })]);
    expect(await consentOf(denied)).toEqual(["denied", "denied", "denied"]);
    expect(await recordsOf(denied)).toEqual([]);
  });

  it.each(MERGING)("%s: a no is for all phones of the person", async (strategy) => {
    const [a, b] = [phone(), phone()];
    const id = await addLead({ primary_phone: a, secondary_phone: b, consent_status: "granted" });
    await merge(strategy, [chunkRow(9, [b], { lead: { consent_status: "denied" } })]);
    expect(await consentOf(id)).toEqual(["denied", "denied", "denied"]);
    expect((await recordsOf(id)).map(({ status }) => status)).toEqual(["revoked", "revoked"]);
  });

  it("never changes the status of somebody who is not to be contacted", async () => {
    const a = phone();
    const id = await addLead({ primary_phone: a, status: "do_not_contact" });
    await merge("update", [chunkRow(2, [a], { lead: { status: "interested", city: "Marfa" } })]);
    expect(await read(id)).toMatchObject({ status: "do_not_contact", city: "Marfa" });
  });

  it.each([
    ["contract", "contacted", "contract"],
    ["lost", "interested", "lost"],
    ["qualified", "not_interested", "qualified"],
    ["qualified", "contract", "contract"],
    ["contract", "lost", "lost"],
    ["closed", "do_not_contact", "do_not_contact"],
    ["interested", "qualified", "qualified"],
  ])("of a lead that is %s, a row that says %s makes %s", async (before, status, after) => {
    const a = phone();
    const id = await addLead({ primary_phone: a, status: before });
    await merge("update", [chunkRow(2, [a], { lead: { status, city: "Marfa" } })]);
    expect(await read(id)).toMatchObject({ status: after, city: "Marfa" });
  });

  it("keeps a lead's first 50 tags and says which were too many", async () => {
    const a = phone();
    const id = await addLead({ primary_phone: a, tags: Array.from({ length: 49 }, (_, i) => `T${i}`) });
    const importId = await merge("update", [
      chunkRow(2, [a], { lead: { tags: ["T3", "LAST", "OVER", "ALSO"] } }),
    ]);
    expect((await read(id)).tags.slice(-2)).toEqual(["T48", "LAST"]);
    expect((await warningsOf(importId)).map(({ reason }) => reason)).toEqual([
      "A lead has at most 50 tags: OVER, ALSO not added.",
    ]);
  });
});

it("refuses an unknown strategy by name", async () => {
  const { error } = await org.admin.client.rpc("create_import", {
    p_import_id: org.id,
    p_file: {
      file_name: "a.csv",
      file_bytes: 100,
      content_hash: "0".repeat(64),
      encoding: "utf-8",
      delimiter: ",",
      columns: ["Phone"],
      next_byte: 6,
      next_line: 2,
    },
    p_mapping: { Phone: "primary_phone" },
    p_options: { merge_strategy: "replace" },
  });
  expect(error).toMatchObject({
    code: "PT422",
    message: "options.merge_strategy must be one of: skip, update, fill, add_phones, create.",
  });
  expect(error?.details).toContain('"field": "options.merge_strategy"');
});
