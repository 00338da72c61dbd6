// An invalid import gets a clear error and changes nothing: no row, no file, no message in the queue.
import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import { callFunction, fieldsOf } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { fictionalPhoneAt } from "../fixtures/list-phones.ts";
import { type UploadOptions, uploadCsv } from "../fixtures/upload-csv.ts";

const stack = inject("stack");
let org: TestOrg;
beforeAll(async () => {
  org = await createOrg(stack, { numbers: 0 });
});
afterAll(() => org.close());
afterEach(async () => {
  expect(await org.sql`select id from public.imports where org_id = ${org.id}`).toEqual([]);
  expect(await org.sql`select name from storage.objects where name like ${`${org.id}/%`}`).toEqual([]);
  expect(await org.sql`select id from public.leads where org_id = ${org.id}`).toEqual([]);
});

const PHONE = fictionalPhoneAt(0);
const XLSX = Buffer.concat([Buffer.from("PK\x03\x04"), randomBytes(5000)]);
const UTF32 = Buffer.from([0xff, 0xfe, 0, 0, 0x4e, 0, 0, 0]);

const BAD: [string, string | Uint8Array, UploadOptions, string, RegExp][] = [
  ["an empty file", "", {}, "file", /empty/],
  ["a file of blank lines", "\n\n , \n", {}, "file", /no rows/],
  ["an Excel workbook", XLSX, { fileName: "owners.xlsx" }, "file", /Excel.*save it as CSV/],
  ["a picture", Buffer.from("\x89PNG\r\n\x1a\n0000000", "latin1"), {}, "file", /picture/],
  ["random bytes", randomBytes(4000), {}, "file", /CSV/],
  ["UTF-32", UTF32, {}, "file", /not a text file/],
  ["a web page", "<!DOCTYPE html><table><tr><td>Phone</td></tr></table>", {}, "file", /web page/],
  ["JSON", `[{"phone": "${PHONE}"}]`, {}, "file", /JSON/],
  [
    "a file without a header",
    `Ana,${PHONE}\nLuis,${fictionalPhoneAt(1)}\n`,
    {},
    "file",
    /Line 1 should name the columns/,
  ],
  [
    "a header with an open quotation mark",
    `Name,"Phone\nAna,${PHONE}\n`,
    {},
    "file",
    /Line 1.*quotation mark/,
  ],
  ["a file without a phone column", "Name,City\nAna,Waco\n", {}, "mapping", /No column holds a phone/],
  [
    "a mapping to a column that is not there",
    `Phone\n${PHONE}\n`,
    { fields: { mapping: { Cell: "primary_phone" } } },
    "mapping.Cell",
    /no column "Cell"/,
  ],
  [
    "a mapping to no field",
    `Phone\n${PHONE}\n`,
    { fields: { mapping: { Phone: "phone_1" } } },
    "mapping.Phone",
    /no field/,
  ],
  [
    "two columns for one field",
    `A,B\n${PHONE},\n`,
    { fields: { mapping: { A: "primary_phone", B: "primary_phone" } } },
    "mapping.B",
    /already/,
  ],
  [
    "a mapping without a phone",
    `A,B\n${PHONE},\n`,
    { fields: { mapping: { A: "first_name" } } },
    "mapping",
    /No column holds a phone/,
  ],
  [
    "a mapping that is not JSON",
    `Phone\n${PHONE}\n`,
    { fields: { mapping: "{Phone" } },
    "mapping",
    /must be JSON/,
  ],
  ["wrong tags", `Phone\n${PHONE}\n`, { fields: { tags: ["under_score"] } }, "tags", /A-Z/],
  [
    "an unknown merge strategy",
    `Phone\n${PHONE}\n`,
    { fields: { merge_strategy: "overwrite" } },
    "merge_strategy",
    /skip/,
  ],
  [
    "automatic tags that there are none of",
    `Phone\n${PHONE}\n`,
    { fields: { auto_tags: { moon: true } } },
    "auto_tags",
    /time.*geographic.*property/,
  ],
  [
    "an upload date that is none",
    `Phone\n${PHONE}\n`,
    { fields: { auto_tags: { time: true, upload_date: "09/30/2025" } } },
    "auto_tags",
    /2026-09-30/,
  ],
  [
    "a flag that is none",
    `Phone\n${PHONE}\n`,
    { fields: { keep_case: "maybe" } },
    "keep_case",
    /true or false/,
  ],
  ["an unknown field", `Phone\n${PHONE}\n`, { fields: { mappings: {} } }, "mappings", /not a field/],
];

describe.each(["preview", "execute"] as const)("POST /leads/import/%s", (path) => {
  it.each(BAD)("refuses %s", async (_what, csv, options, field, message) => {
    const answer = await uploadCsv(org, path, csv, options);
    expect(answer).toMatchObject({ status: 422, body: { error: { code: "invalid_input" } } });
    expect(fieldsOf(answer)).toContain(field);
    expect(answer.body.error.message).toMatch(message);
  });

  const post = (body: BodyInit | undefined, contentType?: string, query = "") =>
    fetch(`${stack.FUNCTIONS_URL}/leads/import/${path}${query}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${org.admin.token}`,
        ...(contentType && { "content-type": contentType }),
      },
      ...(body !== undefined && { body }),
    }).then(async (response) => ({ status: response.status, error: (await response.json()).error }));

  it("tells a client that it put the File into JSON", async () => {
    const answer = await callFunction(stack, org.admin, "POST", `/leads/import/${path}`, {
      file: {},
      mapping: {},
    });
    expect(answer.status).toBe(422);
    expect(answer.body.error.message).toMatch(/JSON whose file is \{\}: a File can't be put into JSON/);
    expect(fieldsOf(answer)).toEqual(["file"]);
  });

  it("says what a form without a file contains", async () => {
    const form = new FormData();
    form.append("csv", new Blob(["Phone"]), "x.csv");
    form.append("file", "[object File]");
    expect((await post(form)).error.message).toMatch(/text "\[object File\]" and no file/);
    const empty = new FormData();
    empty.append("upload", "x");
    expect((await post(empty)).error.message).toMatch(/it holds: upload/);
  });

  it("refuses broken forms and other kinds of body", async () => {
    expect(await post("xx", "multipart/form-data")).toMatchObject({
      status: 400,
      error: { code: "malformed_request" },
    });
    expect(await post("xx", "multipart/form-data; boundary=abc")).toMatchObject({ status: 400 });
    const cut = '--abc\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\n\r\nPhone\r\n512';
    expect(await post(cut, "multipart/form-data; boundary=abc")).toMatchObject({
      status: 400,
      error: { code: "malformed_request" },
    });
    expect(await post("<x/>", "application/xml")).toMatchObject({
      status: 415,
      error: { code: "unsupported_media_type" },
    });
    expect(await post(undefined, "text/csv")).toMatchObject({ status: 422 });
  });

  it("refuses an upload over 100 MB with 413, by its announced size and by its real one", async () => {
    const row = `Somebody,${PHONE},${"x".repeat(973)}\n`;
    const block = new TextEncoder().encode(row.repeat(1024));
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        // Far more than is allowed, and the answer must not wait for the end of the file.
        if (sent > 130 * 1_048_576) return controller.close();
        sent += block.length;
        controller.enqueue(
          sent === block.length ? new TextEncoder().encode(`Name,Phone,Notes\n${row}`) : block,
        );
      },
    });
    const streamed = await fetch(`${stack.FUNCTIONS_URL}/leads/import/${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${org.admin.token}`, "content-type": "text/csv" },
      body: endless,
      duplex: "half",
    } as RequestInit);
    expect(streamed.status).toBe(413);
    expect((await streamed.json()).error).toMatchObject({
      code: "payload_too_large",
      message: expect.stringContaining("100 MB"),
    });
    const announced = await post(new Uint8Array(110 * 1_048_576).fill(120), "text/csv");
    expect(announced).toMatchObject({ status: 413, error: { code: "payload_too_large" } });
  });

  it("refuses an expired, forged or missing token", async () => {
    for (const token of [undefined, "x.y.z", `${org.admin.token.slice(0, -4)}AAAA`]) {
      const answer = await uploadCsv(org, path, `Phone\n${PHONE}\n`, {
        user: token === undefined ? (null as never) : { token },
      });
      expect(answer.status).toBe(401);
    }
  });
});

it("writes nothing for a row of imports that a user makes up around the API", async () => {
  const { client } = org.admin;
  const made = await client.rpc("create_import", {
    p_import_id: crypto.randomUUID(),
    p_file: {
      file_name: "x.csv",
      file_bytes: 5,
      content_hash: "0".repeat(64),
      encoding: "utf-8",
      delimiter: ",",
      columns: ["a"],
      next_byte: 0,
      next_line: 1,
    },
    p_mapping: { a: "primary_phone" },
  });
  expect(made.error?.message).toContain("not stored");
  expect((await client.from("imports").insert({ org_id: org.id } as never)).error?.code).toBe("42501");
  expect((await client.storage.from("imports").upload(`${org.id}/x.csv`, "Phone")).error).not.toBeNull();
});
