// Merging leads over HTTP.
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { callFunction, fieldsOf } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { fictionalPhoneAt } from "../fixtures/list-phones.ts";

const stack = inject("stack");
let org: TestOrg;
let next = 0;
const phone = () => fictionalPhoneAt(next++);
beforeAll(async () => {
  org = await createOrg(stack, { roles: ["operator"], numbers: 0 });
});
afterAll(() => org?.close());

const call = (method: string, path: string, body?: unknown) =>
  callFunction(stack, org.users.operator, method, `/leads${path}`, body);
const create = async (body: Record<string, unknown>) =>
  (await call("POST", "", { primary_phone: phone(), ...body })).body.data;

it("shows what a merge would do, does it, and then says into which lead a merged one went", async () => {
  const keep = await create({ first_name: "Rosa", last_name: "Mora" });
  const other = await create({ first_name: "Rosa", email: "rosa@example.com", tags: ["VIP"] });
  const request = { keep_id: keep.id, merge_ids: [other.id] };
  const preview = await call("POST", "/merge", { ...request, dry_run: true });
  expect(preview).toMatchObject({
    status: 200,
    body: {
      success: true,
      data: {
        dry_run: true,
        merged: [other.id],
        tags_added: ["VIP"],
        lead: { id: keep.id, email: "rosa@example.com", secondary_phone: other.primary_phone, tags: ["VIP"] },
        fields: { email: { value: "rosa@example.com", from: other.id, because: "blank_filled" } },
      },
    },
  });
  expect((await call("GET", `/${keep.id}`)).body.data).toEqual(keep);
  expect((await call("GET", `/${other.id}`)).status).toBe(200);

  expect((await call("POST", "/merge", request)).body.data).toMatchObject({ dry_run: false });
  expect((await call("GET", `/${keep.id}`)).body.data).toMatchObject({ email: "rosa@example.com" });
  expect(await call("GET", `/${other.id}`)).toMatchObject({
    status: 404,
    body: { error: { code: "not_found", details: { merged_into: keep.id } } },
  });
  const { body } = await call("GET", `?search=${other.primary_phone.slice(2)}`);
  expect(body.data.map(({ id }: { id: string }) => id)).toEqual([keep.id]);
});

it.each([
  [{ merge_ids: [] }, "merge_ids"],
  [{ prefer: { notes: "7b0e3c0e-2f5c-4f7e-9d6e-0f2d9e1c8a11" } }, "prefer"],
  [{ prefer: { email: "7b0e3c0e-2f5c-4f7e-9d6e-0f2d9e1c8a11" } }, "prefer.email"],
])("refuses %j and names what is wrong", async (body, field) => {
  const [keep, other] = [await create({}), await create({})];
  const answer = await call("POST", "/merge", { keep_id: keep.id, merge_ids: [other.id], ...body });
  expect(answer).toMatchObject({ status: 422, body: { error: { code: "invalid_input" } } });
  expect(fieldsOf(answer)[0]).toMatch(new RegExp(`^${field}`));
});
