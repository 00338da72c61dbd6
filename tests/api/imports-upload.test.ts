// Files that a browser uploads to Storage itself: from the link to the import, refusals, and removal.
import { randomUUID } from "node:crypto";
import { waitFor } from "local-supabase/testing/wait-for";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { clientWith } from "../access/clients.ts";
import { callFunction, fieldsOf } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { fictionalPhoneAt } from "../fixtures/list-phones.ts";
import { finishImport } from "../fixtures/upload-csv.ts";

const stack = inject("stack");
let org: TestOrg;
let next = 0;
const phone = () => fictionalPhoneAt(next++);
beforeAll(async () => {
  org = await createOrg(stack, { roles: ["operator", "campaign_manager"], numbers: 0 });
});
afterAll(() => org.close());

const post = (path: string, body: unknown, user = org.admin) =>
  callFunction(stack, user, "POST", `/leads/import/${path}`, body);
const browser = () => clientWith(stack).storage.from("imports");

async function ask(csv: string, fileName = "owners.csv") {
  const answer = await post("upload", { file_name: fileName, file_bytes: Buffer.byteLength(csv) });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body.data;
}

async function put(csv: string, fileName?: string): Promise<string> {
  const { upload_id: id, path, token } = await ask(csv, fileName);
  const { error } = await browser().uploadToSignedUrl(path, token, new Blob([csv], { type: "text/csv" }));
  expect(error).toBeNull();
  return id;
}

it("goes from the link over the preview to the import, which then has the file", async () => {
  const [a, b] = [phone(), phone()];
  const csv = `Name,Phone,Zone\nUploaded Ana,${a},1\nUploaded Luis,${b},2\n`;
  const id = await put(csv, "../dueños.csv");
  const preview = await post("preview", { upload_id: id, mapping: null });
  expect(preview.body.data).toMatchObject({ file_name: "dueños.csv", file_bytes: csv.length, valid_rows: 2 });
  const fields = { tags: ["UPLOADED"], mapping: { Name: "full_name", Phone: "primary_phone", Zone: null } };
  const started = await post("execute", { upload_id: id, ...fields, auto_tags: { property: true } });
  expect(started).toMatchObject({ status: 202, body: { data: { id, tags: ["UPLOADED"] } } });
  expect(await finishImport(org, id)).toMatchObject({ imported_rows: 2, file_name: "dueños.csv" });
  const { body } = await callFunction(stack, org.admin, "GET", "/leads?search=uploaded");
  expect(body.data.map((lead: { custom_fields: object }) => lead.custom_fields)).toEqual([{}, {}]);
  // Once more, it is the same file; and with allow_repeat still the same import.
  expect((await post("execute", { upload_id: id })).body.error).toMatchObject({
    code: "duplicate",
    details: { already_imported: { id } },
  });
  expect((await post("execute", { upload_id: id, allow_repeat: true })).body.error.code).toBe("duplicate");
  expect(await browser().uploadToSignedUrl(`${org.id}/${id}.csv`, "x", new Blob(["x"]))).toMatchObject({
    error: expect.anything(),
  });
});

it("accepts a file from any client that can PUT", async () => {
  const csv = `Name,Phone\nPut,${phone()}\n`;
  const { upload_id: id, signed_url: url } = await ask(csv);
  const answer = await fetch(url, { method: "PUT", headers: { "content-type": "text/csv" }, body: csv });
  expect(answer.status).toBe(200);
  expect((await post("preview", { upload_id: id })).body.data.valid_rows).toBe(1);
});

it("lets a wrong mapping be mended: the file stays", async () => {
  const id = await put(`A,B\nMended,${phone()}\n`);
  const wrong = await post("execute", { upload_id: id, mapping: { A: "first_name" } });
  expect([wrong.status, fieldsOf(wrong)]).toEqual([422, ["mapping"]]);
  const right = await post("execute", { upload_id: id, mapping: { A: "first_name", B: "primary_phone" } });
  expect(right.status).toBe(202);
  expect((await finishImport(org, id)).imported_rows).toBe(1);
});

describe("refuses", () => {
  it("a file that is too large, nameless or empty, before it is sent", async () => {
    const large = await post("upload", { file_name: "a.csv", file_bytes: 104_857_601 });
    expect([large.status, large.body.error.code]).toEqual([413, "payload_too_large"]);
    for (const body of [
      { file_name: "", file_bytes: 1 },
      { file_name: "a", file_bytes: 0 },
      { file_bytes: 5 },
    ]) {
      expect((await post("upload", body)).status).toBe(422);
    }
    expect((await post("upload", { file_name: "a.csv", file_bytes: 1 }, org.users.operator)).status).toBe(
      403,
    );
  });

  it("another organisation's upload, one that is not there, and an id that is none", async () => {
    const other = await createOrg(stack, { numbers: 0 });
    const id = await put(`Name,Phone\nX,${phone()}\n`);
    for (const path of ["preview", "execute"]) {
      expect((await post(path, { upload_id: id }, other.admin)).body.error.code).toBe("not_found");
      expect((await post(path, { upload_id: randomUUID() })).body.error.code).toBe("not_found");
      const none = await post(path, { upload_id: "x" });
      expect([none.status, fieldsOf(none)]).toEqual([422, ["upload_id"]]);
    }
    await other.close();
  });

  it("one whose file did not arrive, is too short, or arrived too late", async () => {
    const csv = `Name,Phone\nX,${phone()}\n`;
    const { upload_id: empty } = await ask(csv);
    const waiting = await post("preview", { upload_id: empty });
    expect([waiting.status, fieldsOf(waiting)]).toEqual([422, ["upload_id"]]);
    expect(waiting.body.error.message).toContain("has not come yet");
    await org.sql`update public.import_uploads set expires_at = now() - interval '1 minute' where id = ${empty}`;
    expect((await post("preview", { upload_id: empty })).body.error).toMatchObject({
      code: "invalid_state",
      message: expect.stringContaining("expired"),
    });

    const { upload_id: short, path, token } = await ask(`${csv} `);
    await browser().uploadToSignedUrl(path, token, new Blob([csv]));
    expect((await post("execute", { upload_id: short })).body.error.message).toContain(
      `has ${csv.length} bytes, and ${csv.length + 1} were`,
    );

    const old = await put(csv);
    await org.sql`update public.import_uploads set created_at = now() - interval '23 hours 1 minute' where id = ${old}`;
    expect((await post("execute", { upload_id: old })).body.error.code).toBe("invalid_state");
  });

  it("a file that is no CSV, with its own reason", async () => {
    const id = await put("%PDF-1.7 and so on");
    const answer = await post("execute", { upload_id: id });
    expect([answer.status, fieldsOf(answer)]).toEqual([422, ["file"]]);
    expect(answer.body.error.message).toContain("PDF");
  });
});

it("removes abandoned files and those of imports that ended long ago, and no others", async () => {
  const csv = () => `Name,Phone\nX,${phone()}\n`;
  const [abandoned, fresh, done, long] = [
    await put(csv()),
    await put(csv()),
    await put(csv()),
    await put(csv()),
  ];
  for (const id of [done, long]) {
    await post("execute", { upload_id: id });
    await finishImport(org, id);
  }
  await org.sql`update storage.objects set created_at = now() - interval '40 days'
    where bucket_id = 'imports' and name = any (${[abandoned, done, long].map((id) => `${org.id}/${id}.csv`)})`;
  await org.sql`update public.imports set finished_at = now() - interval '30 days 1 minute' where id = ${long}`;
  await org.sql`update public.import_uploads set created_at = now() - interval '25 hours' where id = ${abandoned}`;
  const files = async () => {
    const left =
      await org.sql`select name from storage.objects where bucket_id = 'imports' and name like ${`${org.id}/%`}`;
    const names = left.map(({ name }) => name.split(/[/.]/)[1]);
    return [abandoned, fresh, done, long].map((id) => names.includes(id));
  };
  const [kick] = await org.sql`select private.kick_file_removal() as is_sent`;
  expect(kick?.is_sent).toBe(true);
  await waitFor(async () => (await files()).join() === "false,true,true,false");
  expect((await org.sql`select private.kick_file_removal() as is_sent`)[0]?.is_sent).toBe(false);
  const bucket = clientWith(stack, { key: stack.SECRET_KEY }).storage.from("imports");
  expect((await bucket.download(`${org.id}/${long}.csv`)).error).not.toBeNull();
  await org.sql`select private.prune_import_uploads()`;
  const uploads = await org.sql`select id from public.import_uploads where id = any (${[abandoned, fresh]})`;
  expect(uploads.map(({ id }) => id)).toEqual([fresh]);
});
