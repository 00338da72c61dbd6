// Preflight over HTTP: one answer about people, texts, cost and days, and start that obeys it.
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { addLeads } from "../fixtures/add-leads.ts";
import { callFunction, fieldsOf } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { buildCampaign } from "../fixtures/run-campaign.ts";

const stack = inject("stack");
let org: TestOrg;
beforeAll(async () => {
  org = await createOrg(stack, { numbers: 2 });
  await addLeads(org, 30);
});
afterAll(() => org.close());

const call = (method: string, path: string, body?: unknown) =>
  callFunction(stack, org.admin, method, `/campaigns${path}`, body);

it("tells who waits, what it costs by the texts as they will be sent, and on which days", async () => {
  const id = await buildCampaign(org);
  const { status, body } = await call("GET", `/${id}/preflight`);
  expect(status).toBe(200);
  const { segments, cost, audience, forecast, blockers, numbers, people } = body.data;
  expect(blockers).toEqual([]);
  expect(audience).toEqual({ waiting: 30, excluded: {} });
  expect(people.judged).toBe(30);
  expect(segments).toMatchObject({ people: 30, max: expect.any(Number) });
  expect(segments.p50).toBeGreaterThanOrEqual(1);
  // The rendered texts are never longer than what planning charges.
  expect(segments.max * 30).toBeLessThanOrEqual(cost.segments_high);
  expect(cost.low).toBeCloseTo(30 * segments.mean * (cost.segment_price + cost.carrier_fee), 2);
  expect(cost.low).toBeLessThanOrEqual(cost.high);
  expect(forecast.days.reduce((sum: number, day: { messages: number }) => sum + day.messages, 0)).toBe(30);
  expect(forecast.finishes_on).toBe(forecast.days.at(-1).day);
  expect(numbers).toHaveLength(2);
});

it("keeps a campaign that has to be thought about from starting until its warnings are acknowledged", async () => {
  const id = await buildCampaign(org, { daily_cap: 0 });
  const refused = await call("POST", `/${id}/start`);
  expect(refused.status).toBe(409);
  expect(refused.body.error).toMatchObject({
    code: "warnings_not_acknowledged",
    message: expect.stringMatching(/finishes_late/),
    details: { warnings: [expect.objectContaining({ code: "finishes_late" })] },
  });
  expect((await call("POST", `/${id}/start`, { acknowledge: ["text_advice"] })).status).toBe(409);
  const wrong = await call("POST", `/${id}/start`, { acknowledge: "finishes_late" });
  expect([wrong.status, fieldsOf(wrong)]).toEqual([422, ["acknowledge"]]);
  const started = await call("POST", `/${id}/start`, { acknowledge: ["finishes_late"] });
  expect(started.body.data).toMatchObject({ status: "running" });
});

it("is about a draft too: it says what is missing", async () => {
  const created = await call("POST", "", { name: "Empty" });
  const { body } = await call("GET", `/${created.body.data.id}/preflight`);
  expect(body.data.blockers.map(({ code }: { code: string }) => code)).toEqual(["no_targets"]);
  expect(body.data).toMatchObject({
    segments: null,
    cost: { low: null, high: 0 },
    forecast: { days: [], finishes_on: null },
  });
});
