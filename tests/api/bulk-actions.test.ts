// Bulk actions over HTTP: counted, done at once or by the worker, followed live, undone.

import { subscribe } from "local-supabase/testing";
import { waitFor } from "local-supabase/testing/wait-for";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { arrangeOwners } from "../fixtures/arrange-owners.ts";
import { callFunction, fieldsOf } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { finishJob } from "../fixtures/wait-for-job.ts";

const stack = inject("stack");
let org: TestOrg;
let ids: string[];
beforeAll(async () => {
  org = await createOrg(stack, { roles: ["operator"], numbers: 0 });
  ids = (await arrangeOwners(org.sql, org.id, 3200)).map(({ id }) => id);
});
afterAll(() => org?.close());

const post = (body: object, user = org.admin) =>
  callFunction(stack, user, "POST", "/leads/bulk-actions", body);
const count = async (condition: string) =>
  (
    await org.sql.unsafe(
      `select count(*)::int as n from public.leads where org_id = '${org.id}' and ${condition}`,
    )
  )[0]?.n;

it("counts, changes a few at once and gives them back", async () => {
  const few = ids.slice(0, 3);
  const counted = await post({ action: "add_tags", ids: few, value: ["hot list", "VIP"], dry_run: true });
  expect(fieldsOf(counted)).toEqual(["value[0]"]);
  const dry = (await post({ action: "add_tags", ids: few, value: ["vip"], dry_run: true })).body.data;
  expect(dry).toMatchObject({ matched: 3, would_change: 3, job: null });
  expect(dry.sample[0]).toMatchObject({ first_name: "Rosa", tags: [] });
  const { job } = (await post({ action: "add_tags", ids: few, value: ["vip"] }, org.users.operator)).body
    .data;
  expect(job).toMatchObject({ status: "completed", progress: 1, result: { changed: 3 } });
  expect(await count("tags = '{VIP}'")).toBe(3);
  const undone = await callFunction(stack, org.users.operator, "POST", `/leads/bulk-actions/${job.id}/undo`);
  expect(undone.body.data).toMatchObject({
    kind: "lead_bulk_undo",
    status: "completed",
    result: { changed: 3 },
  });
  expect(await count("tags = '{VIP}'")).toBe(0);
});

it("asks for ids or a filter, not both, and for the role that a filter needs", async () => {
  expect(fieldsOf(await post({ action: "delete" }))).toEqual(["ids"]);
  expect(fieldsOf(await post({ action: "delete", ids: [ids[0]], filter: {} }))).toEqual(["ids"]);
  expect(
    (await post({ action: "set_score", filter: {}, value: "hot" }, org.users.operator)).body.error,
  ).toMatchObject({
    code: "forbidden",
    details: { required_role: "campaign_manager" },
  });
});

it("deletes thousands as a job that is followed on its channel, and brings them back", async () => {
  const { job } = (await post({ action: "delete", filter: { statuses: ["new"] } })).body.data;
  expect(job).toMatchObject({ kind: "lead_bulk_action", status: "queued", total_items: null });
  await org.admin.client.realtime.setAuth();
  const channel = await subscribe(org.admin.client, `job:${job.id}`);
  expect(await finishJob(org, job.id)).toMatchObject({ total_items: 3200, result: { changed: 3200 } });
  expect(await count("deleted_at is null")).toBe(0);
  await waitFor(() => channel.received.some(({ payload }) => payload.record?.status === "completed"));

  const undoing = (await callFunction(stack, org.admin, "POST", `/leads/bulk-actions/${job.id}/undo`)).body
    .data;
  expect(await finishJob(org, undoing.id)).toMatchObject({ status: "completed", result: { changed: 3200 } });
  expect(await count("deleted_at is null")).toBe(3200);
});
