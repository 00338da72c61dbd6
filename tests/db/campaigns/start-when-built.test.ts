// A campaign that is to start as soon as it is built: when it does, and what becomes of it if something forbids that.
import { beforeEach, expect, test } from "vitest";
import {
  AFTERNOON,
  type ArrangedOrg,
  arrangeLeads,
  arrangeOrg,
  later,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db);
});

async function draft(fields: Record<string, unknown> = {}): Promise<string> {
  const [row] = await bench.sql`
    insert into public.campaigns ${bench.sql({ org_id: org.id, name: "Start", ...fields })} returning id`;
  await bench.sql`insert into public.campaign_templates values (${org.id}, ${row?.id}, ${org.templateId})`;
  return row?.id;
}
async function build(id: string, { start = true, limit = 10_000 } = {}): Promise<void> {
  const user = await signedIn(bench.db, org.adminId);
  await user.sql`select private.build_targets(${id}, false, ${start}, ${AFTERNOON})`;
  await user.end();
  for (;;) {
    const [chunk] = await bench.sql`select private.build_chunk(${id}, ${limit}, ${AFTERNOON}) as more`;
    if (!chunk?.more) break;
  }
}
const start = (now = AFTERNOON) => bench.sql`select private.start_scheduled(${now})`;
const campaign = async (id: string) =>
  (
    await bench.sql`select status::text, needs_attention, starts_when_built, scheduled_at from public.campaigns where id = ${id}`
  )[0];
const alerts = async (id: string) =>
  (
    await bench.sql`select kind, details ->> 'code' as code from public.alerts where campaign_id = ${id} and resolved_at is null`
  ).map(({ kind, code }) => `${kind} ${code}`);

test("starts in the next tick after the last chunk", async () => {
  await arrangeLeads(bench.db, org.id, 3);
  const id = await draft();
  await build(id, { limit: 1 });
  expect(await campaign(id)).toMatchObject({ status: "scheduled", starts_when_built: false });
  await start();
  expect(await campaign(id)).toMatchObject({ status: "running", needs_attention: null });
});

test("waits for its time if that is later, and starts now if that is past", async () => {
  await arrangeLeads(bench.db, org.id, 1);
  const [soon, past] = [
    await draft({ scheduled_at: later(AFTERNOON, 3600) }),
    await draft({ scheduled_at: later(AFTERNOON, -3600) }),
  ];
  await build(soon);
  await build(past);
  await start();
  expect([(await campaign(soon))?.status, (await campaign(past))?.status]).toEqual(["scheduled", "running"]);
  await start(later(AFTERNOON, 3601));
  expect((await campaign(soon))?.status).toBe("running");
});

test("is ready, with the reason and an alert, if nobody is left to write to; building it again starts it", async () => {
  const id = await draft();
  await build(id);
  expect(await campaign(id)).toMatchObject({
    status: "ready",
    starts_when_built: false,
    needs_attention: expect.stringMatching(/^Nobody is left/),
  });
  expect(await alerts(id)).toEqual(["start_refused no_targets"]);
  await arrangeLeads(bench.db, org.id, 1);
  await build(id);
  await start();
  expect((await campaign(id))?.status).toBe("running");
});

test("is paused by what passes by itself, such as today's spending", async () => {
  await arrangeLeads(bench.db, org.id, 1);
  await bench.sql`update public.sending_limits set daily_spending_limit = 0 where org_id = ${org.id}`;
  const id = await draft();
  await build(id);
  await start();
  expect((await campaign(id))?.status).toBe("paused");
  expect(await alerts(id)).toEqual(["start_refused spending_limit_reached"]);
});

test("can be asked for while it is being built, and not by a dry run", async () => {
  await arrangeLeads(bench.db, org.id, 2);
  const id = await draft();
  const user = await signedIn(bench.db, org.adminId);
  await user.sql`select private.build_targets(${id}, false, false, ${AFTERNOON})`;
  await user.sql`select private.build_targets(${id}, false, true, ${AFTERNOON})`;
  await expect(user.sql`select private.build_targets(${id}, true, true, ${AFTERNOON})`).rejects.toMatchObject(
    {
      code: "PT422",
    },
  );
  await expect(
    user.sql`select private.build_targets(${id}, false, false, ${AFTERNOON})`,
  ).rejects.toMatchObject({
    code: "PT409",
  });
  await user.end();
  await bench.sql`select private.build_chunk(${id}, 10000, ${AFTERNOON})`;
  expect((await campaign(id))?.status).toBe("scheduled");
});

test("is ready if the organisation has as many scheduled campaigns as it may, and its build does not fail", async () => {
  await arrangeLeads(bench.db, org.id, 1);
  await bench.sql`
    insert into public.campaigns (org_id, name, status, scheduled_at)
    select ${org.id}, 'Waiting ' || n, 'scheduled', ${later(AFTERNOON, 86_400)} from generate_series(1, 500) n`;
  const id = await draft();
  await build(id);
  expect(await campaign(id)).toMatchObject({
    status: "ready",
    needs_attention: expect.stringContaining("500"),
  });
});

test("does not start if it was stopped meanwhile", async () => {
  await arrangeLeads(bench.db, org.id, 2);
  const id = await draft();
  const user = await signedIn(bench.db, org.adminId);
  await user.sql`select private.build_targets(${id}, false, true, ${AFTERNOON})`;
  await user.sql`select private.stop_campaign(${id}, ${AFTERNOON})`;
  await user.end();
  await bench.sql`select private.build_chunk(${id}, 10000, ${AFTERNOON})`;
  await start();
  expect((await campaign(id))?.status).toBe("stopped");
});
