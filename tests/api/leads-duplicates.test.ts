// Duplicate leads over HTTP: found within seconds of being written, dismissed, merged.

import { waitFor } from "local-supabase/testing/wait-for";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { callFunction, fieldsOf } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { fictionalPhoneAt } from "../fixtures/list-phones.ts";

const stack = inject("stack");
let org: TestOrg;
let next = 0;
const phone = () => fictionalPhoneAt(next++);
beforeAll(async () => {
  org = await createOrg(stack, { roles: ["viewer", "operator"], numbers: 0 });
});
afterAll(() => org?.close());

const call = (method: string, path: string, body?: unknown, user = org.users.operator) =>
  callFunction(stack, user, method, `/leads${path}`, body);
const create = async (body: Record<string, unknown>) => {
  const answer = await call("POST", "", { primary_phone: phone(), allow_duplicate_phone: true, ...body });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body.data;
};
const OWNER = {
  last_name: "García",
  address1: "12 Elm St",
  city: "Austin",
  state: "TX",
  postal_code: "78701",
};

it("are listed with reasons, by page and by reason, and no longer once they are dismissed or merged", async () => {
  const shared = phone();
  const a = await create({ ...OWNER, first_name: "María", primary_phone: shared });
  const b = await create({ first_name: "Ana", alternate_phone: shared });
  const c = await create({ ...OWNER, first_name: "Rosa" });
  const d = await create({ ...OWNER, first_name: "ROSA", last_name: "GARCIA", address1: "12 ELM STREET" });
  const listed = (query = "") => call("GET", `/duplicates${query}`, undefined, org.users.viewer);
  const first = await waitFor(async () => {
    const answer = await listed();
    return answer.body.data.length === 2 ? answer : undefined;
  });
  expect(first).toMatchObject({
    status: 200,
    body: {
      success: true,
      data: [
        {
          confidence: "certain",
          links: [{ lead_ids: [a.id, b.id].sort(), reason: "phone", phone: shared, confidence: "certain" }],
        },
        { confidence: "likely", links: [{ lead_ids: [c.id, d.id].sort(), reason: "owner" }] },
      ],
      pagination: { page: 1, total: 2, total_is_estimate: false, next_cursor: null },
    },
  });
  expect(first.body.data[1].leads).toContainEqual(c);

  const one = await listed("?limit=1");
  expect(one.body.data).toEqual([first.body.data[0]]);
  const two = await listed(`?limit=1&cursor=${one.body.pagination.next_cursor}`);
  expect(two.body).toMatchObject({ data: [{ confidence: "likely" }], pagination: { next_cursor: null } });
  expect((await listed("?limit=1&page=2")).body.data).toEqual(two.body.data);
  expect((await listed("?reason=owner")).body.data).toEqual(two.body.data);
  expect(fieldsOf(await listed("?cursor=x"))).toEqual(["cursor"]);
  expect(
    (await call("GET", `/${d.id}/duplicates`)).body.data.leads.map(({ id }: { id: string }) => id),
  ).toEqual([d.id, c.id]);

  const dismissed = await call("POST", "/duplicates/dismiss", { lead_ids: [a.id, b.id] });
  expect(dismissed).toMatchObject({ status: 200, body: { data: { dismissed: 1 } } });
  expect((await listed()).body.data).toHaveLength(1);
  await call("POST", "/merge", { keep_id: c.id, merge_ids: [d.id] });
  expect((await listed()).body.data).toEqual([]);
  expect((await call("GET", `/${c.id}/duplicates`)).body.data).toMatchObject({
    leads: [{ id: c.id }],
    links: [],
  });
});
