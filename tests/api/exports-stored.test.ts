// Exports that were stored before their options were checked: the worker fails them with the reason, and goes on with the next.
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { callFunction } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { fictionalPhoneAt } from "../fixtures/list-phones.ts";
import { exportLeads, finishJob } from "../fixtures/wait-for-job.ts";

const stack = inject("stack");
let org: TestOrg;
beforeAll(async () => {
  org = await createOrg(stack, { numbers: 0 });
  const lead = { primary_phone: fictionalPhoneAt(0) };
  expect((await callFunction(stack, org.admin, "POST", "/leads", lead)).status).toBe(201);
});
afterAll(() => org?.close());

const OPTIONS = { format: "csv", columns: null, rows_per: "lead" };

it.each([
  ["before its leads are fixed", 0, {}],
  ["before a part is written", 1, { chunks: 1, custom_fields: [], file_name: "x" }],
  ["before its file is named", 2, { chunks: 1, custom_fields: [], file_name: "x" }],
])("a format that is a path fails %s", async (_, step, cursor) => {
  const input = { ...OPTIONS, filter: {}, format: "x/../../../../../bucket/exports/empty" };
  const id = await org.sql.begin(async (tx) => {
    const [job] = await tx`
      insert into public.jobs (org_id, kind, required_role, input, status, started_at)
      values (${org.id}, 'lead_export', 'operator', ${tx.json(input)}, 'running', now()) returning id`;
    await tx`
      insert into private.job_states (job_id, step, cursor)
      values (${job?.id}, ${step}, ${tx.json({ filter: {}, ...cursor })})`;
    await tx`select pgmq.send('jobs', jsonb_build_object('job_id', ${job?.id}::text, 'step', ${step}::integer))`;
    return job?.id as string;
  });
  const job = await finishJob(org, id);
  expect(job).toMatchObject({ status: "failed", error_message: "format must be one of: csv, xlsx." });
  expect((await exportLeads(org)).job.status).toBe("completed");
});
