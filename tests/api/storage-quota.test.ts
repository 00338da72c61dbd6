// How much an organisation may keep in Storage: uploads, imports and exports are refused beyond it, with a way out.
import { afterAll, beforeAll, beforeEach, expect, inject, it } from "vitest";
import { callFunction } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { fictionalPhoneAt } from "../fixtures/list-phones.ts";
import { importCsv } from "../fixtures/upload-csv.ts";
import { finishJob } from "../fixtures/wait-for-job.ts";

const stack = inject("stack");
let org: TestOrg;
let neighbour: TestOrg;
beforeAll(async () => {
  [org, neighbour] = await Promise.all([createOrg(stack, { numbers: 0 }), createOrg(stack, { numbers: 0 })]);
  await importCsv(org, `First Name,Phone\nRosa,${fictionalPhoneAt(1)}\n`);
});
afterAll(async () => {
  await org?.close();
  await neighbour?.close();
});
beforeEach(async () => {
  await org.sql`delete from public.import_uploads where org_id = ${org.id}`;
});

const mebibyte = 1_048_576;
const used = async () => Number((await org.sql`select private.storage_used(${org.id}) as bytes`)[0]?.bytes);
const setQuota = (bytes: number) => org.sql`
  insert into private.storage_quotas (org_id, bytes) values (${org.id}, ${bytes})
  on conflict (org_id) do update set bytes = excluded.bytes`;
const upload = (who: TestOrg, file_bytes: number) =>
  callFunction(stack, who.admin, "POST", "/leads/import/upload", { file_name: "a.csv", file_bytes });
const execute = () => {
  const form = new FormData();
  form.append(
    "file",
    new Blob([`First Name,Phone\nAna,${fictionalPhoneAt(2)}\n`], { type: "text/csv" }),
    "a.csv",
  );
  return callFunction(stack, org.admin, "POST", "/leads/import/execute", form);
};

it("counts stored files, and none of a neighbour whose id begins alike", async () => {
  const [stored] = await org.sql`
    select sum((metadata ->> 'size')::bigint)::int as bytes from storage.objects where name like ${`${org.id}/%`}`;
  expect(await used()).toBe(stored?.bytes);
  expect(stored?.bytes).toBeGreaterThan(0);
  expect(Number((await org.sql`select private.storage_quota(${org.id}) as bytes`)[0]?.bytes)).toBe(
    5 * 1024 * mebibyte,
  );
});

it("refuses an upload that does not fit beside stored and announced files, and does not affect the neighbour", async () => {
  await setQuota((await used()) + 3 * mebibyte);
  expect((await upload(org, 2 * mebibyte)).status).toBe(201);
  const refused = await upload(org, 2 * mebibyte);
  expect([refused.status, refused.body.error.code]).toEqual([409, "storage_full"]);
  expect(refused.body.error.message).toMatch(/deleted 7 days after.*Ask the people who run this platform/);
  expect(refused.body.error.details).toMatchObject({
    announced_bytes: 2 * mebibyte,
    wanted_bytes: 2 * mebibyte,
  });
  const direct = await org.admin.client.rpc("create_import_upload", {
    p_file_name: "a",
    p_file_bytes: 2 * mebibyte,
  });
  expect(direct.error).toMatchObject({ code: "PT409", hint: "storage_full" });
  expect((await upload(org, 1000)).status).toBe(201);
  expect((await upload(neighbour, 2 * mebibyte)).status).toBe(201);
});

it("refuses a file that is sent with its import, and stores nothing of it", async () => {
  await setQuota(await used());
  const before = await used();
  const refused = await execute();
  expect([refused.status, refused.body.error.code]).toEqual([409, "storage_full"]);
  expect(await used()).toBe(before);
  await setQuota((await used()) + mebibyte);
  expect((await execute()).status).toBe(202);
});

it("ends an export that does not fit, and says why", async () => {
  await setQuota(await used());
  const started = await callFunction(stack, org.admin, "POST", "/leads/exports", { format: "csv" });
  const job = await finishJob(org, started.body.data.id);
  expect(job.status).toBe("failed");
  expect(job.error_message).toContain("does not fit");
});

it("lets 20 uploads wait for their files, also if 30 are requested at once", async () => {
  await setQuota(5 * 1024 * mebibyte);
  const answers = await Promise.all(Array.from({ length: 30 }, () => upload(org, 10)));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(20);
  const refused = answers.find(({ status }) => status !== 201);
  expect([refused?.status, refused?.body.error.code]).toEqual([429, "rate_limited"]);
  await org.sql`update public.import_uploads set expires_at = now() where org_id = ${org.id}`;
  expect((await upload(org, 10)).status).toBe(201);
});

it("removes a file whose size was not announced, once its import had time to refuse it", async () => {
  const { body } = await upload(org, 10);
  const files = org.admin.client.storage.from("imports");
  await files.uploadToSignedUrl(body.data.path, body.data.token, new Blob(["far more than ten bytes"]));
  const isStale = async () => {
    const [row] = await org.sql`select private.stale_import_files(1000) as names`;
    return row?.names.includes(body.data.path);
  };
  expect(await isStale()).toBe(false);
  await org.sql`update storage.objects set created_at = now() - interval '11 minutes' where name = ${body.data.path}`;
  expect(await isStale()).toBe(true);
});
