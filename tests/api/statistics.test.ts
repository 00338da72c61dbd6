// Statistics of leads over HTTP, of all and of a filter.
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { arrangeOwners } from "../fixtures/arrange-owners.ts";
import { callFunction, fieldsOf } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";

const stack = inject("stack");
let org: TestOrg;
beforeAll(async () => {
  org = await createOrg(stack, { roles: ["viewer"], numbers: 0 });
  await arrangeOwners(org.sql, org.id, 40);
  await org.sql`update public.leads set status = 'interested', county = 'Travis' where org_id = ${org.id} and last_name::int < 10`;
});
afterAll(() => org?.close());

const read = (query = "", user = org.users.viewer) =>
  callFunction(stack, user, "GET", `/leads/statistics${query}`);

it("shows a viewer the figures of all leads, and of those that match a filter", async () => {
  const { status, body } = await read();
  expect(status).toBe(200);
  expect(body.data).toMatchObject({
    total: 40,
    is_estimate: false,
    by_status: [
      { value: "new", count: 30 },
      { value: "interested", count: 10 },
    ],
    by_county: [
      { value: null, count: 30 },
      { value: "Travis", count: 10 },
    ],
    phones: {
      per_lead: [{ value: "1", count: 40 }],
      valid: 40,
      by_line_type: [{ value: "not_looked_up", count: 40 }],
    },
  });
  const some = await read("?county=travis&status=interested");
  expect(some.body.data).toMatchObject({ total: 10, by_status: [{ value: "interested", count: 10 }] });
  expect(fieldsOf(await read("?status=sold"))).toEqual(["status.0"]);
});

it("includes nothing of other organisations", async () => {
  const other = await createOrg(stack, { numbers: 0 });
  expect((await read("", other.admin)).body.data).toMatchObject({ total: 0, by_status: [] });
  await other.close();
});
