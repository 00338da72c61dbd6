// A/B tests over HTTP: set up, sized, read, promoted and ended, and told live.
import { waitFor } from "local-supabase/testing/wait-for";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { addLeads } from "../fixtures/add-leads.ts";
import { addTemplate } from "../fixtures/add-templates.ts";
import { callFunction, fieldsOf } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { joinChannel } from "../fixtures/join-channel.ts";
import { buildCampaign } from "../fixtures/run-campaign.ts";

const stack = inject("stack");
let org: TestOrg;
let texts: string[];
beforeAll(async () => {
  org = await createOrg(stack, { numbers: 1 });
  await addLeads(org, 20);
  texts = await Promise.all(
    ["A", "B"].map((name) =>
      addTemplate(org.sql, org.id, {
        category: "initial",
        language: "en",
        content: `${name}: {brand}. Reply STOP to opt out.`,
      }),
    ),
  );
});
afterAll(() => org.close());

const call = (method: string, path: string, body?: unknown) =>
  callFunction(stack, org.admin, method, `/campaigns${path}`, body);
const variants = () => [
  { name: "A", share: 1, template_ids: [texts[0]] },
  { name: "B", share: 1, template_ids: [texts[1]] },
];
const build = () => buildCampaign(org, { template_ids: undefined, variants: variants(), daily_cap: 1 });

it("sets up a test with defaults, reads it, replaces it, and deletes it before the start", async () => {
  const id = await build();
  expect((await call("GET", `/${id}/test`)).status).toBe(404);
  const made = await call("PUT", `/${id}/test`, { metric: "replied" });
  expect(made.status).toBe(200);
  expect(made.body.data).toMatchObject({
    campaign_id: id,
    metric: "replied",
    alpha: 0.05,
    maturity_hours: 48,
    min_per_arm: 200,
    tuning_n: 5000,
    test_percent: 100,
    decides: "person",
    status: "running",
    winner: null,
    promoted: null,
    looks: [],
  });
  const again = await call("PUT", `/${id}/test`, { metric: "interested", decides: "auto" });
  expect(again.body.data).toMatchObject({ metric: "interested", decides: "auto" });
  expect((await call("GET", `/${id}/test`)).body.data).toEqual(again.body.data);
  expect((await call("DELETE", `/${id}/test`)).status).toBe(204);
  expect((await call("GET", `/${id}/test`)).status).toBe(404);
});

it.each([
  [{}, "metric"],
  [{ metric: "replied", alpha: 0 }, "alpha"],
  [{ metric: "replied", test_percent: 1.5 }, "test_percent"],
  [{ metric: "replied", deadline: "tomorrow" }, "deadline"],
  [{ metric: "replied", deadline: "2020-01-01T00:00:00Z" }, "deadline"],
])("refuses %j, naming %s", async (body, field) => {
  const made = await call("POST", "", { name: "Refused", variants: variants() });
  const refused = await call("PUT", `/${made.body.data.id}/test`, body);
  expect([refused.status, fieldsOf(refused)]).toEqual([422, [field]]);
});

it("says beforehand how many people a difference needs", async () => {
  const id = await build();
  const plain = await call("POST", "/test-size", { baseline: 4, difference: 2, opt_out_rate: 0 });
  expect(plain.body.data).toMatchObject({ arms: 2, people_per_arm: 3575, people: 7150, waiting: null });
  const mine = await call("POST", "/test-size", { baseline: 4, difference: 2, campaign_id: id });
  // One message a day: not within the days of the forecast.
  expect(mine.body.data).toMatchObject({ waiting: 20, days_to_send: null, maturity_hours: 48 });
  const few = await call("POST", "/test-size", { baseline: 4, difference: 2, arms: 4, min_per_arm: 50 });
  expect(few.body.data.people_per_arm).toBeGreaterThan(plain.body.data.people_per_arm);
  const wrong = await call("POST", "/test-size", { baseline: 60, difference: 45 });
  expect([wrong.status, fieldsOf(wrong)]).toEqual([422, ["difference"]]);
});

it("promotes a variant, live on the campaign's channel, once", async () => {
  const id = await build();
  await call("PUT", `/${id}/test`, { metric: "replied" });
  expect((await call("POST", `/${id}/test/promote`, { variant: "B" })).status).toBe(409);
  expect((await call("POST", `/${id}/start`, { acknowledge: ["finishes_late"] })).status).toBe(200);
  const heard = await joinChannel(org.admin, `campaign:${id}`);
  const unknown = await call("POST", `/${id}/test/promote`, { variant: "C" });
  expect([unknown.status, fieldsOf(unknown)]).toEqual([422, ["variant"]]);
  const promoted = await call("POST", `/${id}/test/promote`, { variant: "B" });
  expect(promoted.body.data).toMatchObject({ status: "ended", promoted: "B", promoted_by: org.admin.id });
  await waitFor(() =>
    heard.some(({ payload }) => payload.table === "campaign_tests" && payload.record.promoted === 2),
  );
  const [left] = await org.sql`
    select count(*)::int as n from public.campaign_targets
    where campaign_id = ${id} and state = 'waiting' and variant <> 2`;
  expect(left?.n).toBe(0);
  expect((await call("POST", `/${id}/test/promote`, { variant: "A" })).status).toBe(409);
  await call("POST", `/${id}/stop`);
});

it("is set up with its campaign, or neither is there", async () => {
  const input = { name: `With a test ${texts[0]}`, variants: variants(), test: { metric: "interested" } };
  const made = await call("POST", "", input);
  expect(made.status).toBe(201);
  expect((await call("GET", `/${made.body.data.id}/test`)).body.data).toMatchObject({
    metric: "interested",
    status: "running",
  });
  const name = `Never made ${texts[0]}`;
  const alone = await call("POST", "", { name, template_ids: texts, test: { metric: "replied" } });
  expect([alone.status, alone.body.error.code]).toEqual([409, "invalid_state"]);
  const late = await call("POST", "", {
    name,
    variants: variants(),
    test: { metric: "replied", deadline: "2020-01-01T00:00:00Z" },
  });
  expect([late.status, fieldsOf(late)]).toEqual([422, ["deadline"]]);
  const wrong = await call("POST", "", { name, variants: variants(), test: { metric: "clicks" } });
  expect([wrong.status, fieldsOf(wrong)]).toEqual([422, ["test.metric"]]);
  expect(await org.sql`select 1 from public.campaigns where org_id = ${org.id} and name = ${name}`).toEqual(
    [],
  );
});

it("ends a test that runs, and keeps it to read", async () => {
  const id = await build();
  await call("PUT", `/${id}/test`, { metric: "replied" });
  await call("POST", `/${id}/start`, { acknowledge: ["finishes_late"] });
  expect((await call("PUT", `/${id}/test`, { metric: "replied" })).status).toBe(409);
  expect((await call("DELETE", `/${id}/test`)).status).toBe(204);
  expect((await call("GET", `/${id}/test`)).body.data.status).toBe("ended");
  expect((await call("DELETE", `/${id}/test`)).status).toBe(409);
  await call("POST", `/${id}/stop`);
});
