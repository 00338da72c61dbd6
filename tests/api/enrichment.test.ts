// Services that are asked about parcels and phones over the whole stack, against a real server that answers wrongly, hangs and
// refuses.

import { waitFor } from "local-supabase/testing/wait-for";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { callFunction, fieldsOf } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import {
  drip,
  type FaultyServer,
  flood,
  hang,
  hangUp,
  startFaultyServer,
} from "../fixtures/faulty-server.ts";
import { fictionalPhoneAt } from "../fixtures/list-phones.ts";

const stack = inject("stack");
let org: TestOrg;
let server: FaultyServer;
let other: FaultyServer;
let phones = 2000;
beforeAll(async () => {
  [server, other] = await Promise.all([startFaultyServer(), startFaultyServer()]);
  org = await createOrg(stack, { roles: ["viewer", "operator", "campaign_manager"], numbers: 0 });
});
beforeEach(() => {
  server.received.splice(0);
  other.received.splice(0);
});
afterAll(() => Promise.all([org?.close(), server.close(), other.close()]));

const call = (method: string, path: string, body?: unknown, who: keyof TestOrg["users"] = "admin") =>
  callFunction(stack, org.users[who], method, `/leads${path}`, body);
const SECRET = "Bearer s3cret-of-the-service";
let services = 0;
const propertyInput = () => ({
  kind: "property",
  name: `Parcels ${services++}`,
  url: `${server.url}/parcels`,
  secret: SECRET,
  request: { parcel: "{apn}", where: "{county}, {state}" },
  field_map: { apn: "parcel.apn", acreage: "parcel.acres", estimated_value: "parcel.value" },
  is_enabled: true,
  timeout_ms: 1000,
});
async function add(input: Record<string, unknown>): Promise<string> {
  const { status, body } = await call("POST", "/enrichment-services", input);
  expect([status, body.error]).toEqual([201, undefined]);
  return body.data.id;
}
async function addLead(apn: string): Promise<string> {
  const parcel = { apn, county: "Harris", state: "TX" };
  const { body } = await call("POST", "", {
    primary_phone: fictionalPhoneAt(phones++),
    properties: [parcel],
  });
  return body.data.id;
}
const request = (id: string, lead: string) =>
  call("POST", `/enrichment-services/${id}/requests`, { lead_ids: [lead] });
const parcelOf = async (lead: string) => (await call("GET", `/${lead}`)).body.data.properties[0];
const serviceOf = async (id: string) =>
  (await call("GET", "/enrichment-services", undefined, "viewer")).body.data.find(
    (one: { id: string }) => one.id === id,
  );
const test = (id: string, body: unknown) => call("POST", `/enrichment-services/${id}/test`, body);

describe("settings of a service", () => {
  it("are changed by admins only, and its secret is never returned", async () => {
    const id = await add({ ...propertyInput(), is_enabled: false });
    for (const who of ["viewer", "operator", "campaign_manager"] as const) {
      expect((await call("POST", "/enrichment-services", propertyInput(), who)).status).toBe(403);
      expect((await call("PATCH", `/enrichment-services/${id}`, { is_enabled: true }, who)).status).toBe(403);
      expect((await call("DELETE", `/enrichment-services/${id}`, undefined, who)).status).toBe(403);
      const listed = await call("GET", "/enrichment-services", undefined, who);
      expect(listed.body.data.find((one: { id: string }) => one.id === id)).toMatchObject({
        url: null,
        request: null,
        has_secret: true,
      });
    }
    const changed = await call("PATCH", `/enrichment-services/${id}`, {
      daily_budget: 7,
      secret_header: "x-api-key",
    });
    expect(changed.body.data).toMatchObject({
      daily_budget: 7,
      secret_header: "x-api-key",
      has_secret: true,
      is_enabled: false,
    });
    const all = await call("GET", "/enrichment-services");
    expect(JSON.stringify([changed.body, all.body])).not.toContain("s3cret");
    expect((await call("DELETE", `/enrichment-services/${id}`)).status).toBe(204);
    expect(await serviceOf(id)).toBeUndefined();
  });

  it.each<[object, string]>([
    [{ url: "http://parcels.example.com" }, "url"],
    [{ url: "https://169.254.169.254/latest/meta-data" }, "url"],
    [{ url: "https://10.0.0.1/" }, "url"],
    [{ url: "https://metadata.google.internal/" }, "url"],
    [{ request: { a: "{owner}" } }, "request"],
    [{ request: { a: "x" } }, "request"],
    [{ field_map: { acreage: "$..acres" } }, "field_map.acreage"],
    [{ field_map: { owner: "x" } }, "field_map"],
    [{ field_map: {} }, "field_map"],
    [{ kind: "scrub", request: { p: "{phones}" }, field_map: { phone: "p" } }, "field_map.dnc"],
    [{ secret: "a\nb" }, "secret"],
    [{ secret_header: "Host" }, "secret_header"],
    [{ timeout_ms: 60_000 }, "timeout_ms"],
  ])("such as %o are refused, naming %s", async (change, field) => {
    const answer = await call("POST", "/enrichment-services", { ...propertyInput(), ...change });
    expect([answer.status, fieldsOf(answer)[0]]).toEqual([422, field]);
    expect(answer.body.error.message).not.toContain("s3cret");
  });
});

describe("a test call", () => {
  it("shows what would be kept, sends the secret in its header, and writes nothing", async () => {
    const id = await add(propertyInput());
    server.answer(200, { parcel: { apn: "R1", acres: "12.5", value: 90_000 } });
    const lead = await addLead("R-1");
    const { status, body } = await test(id, { parcel: { apn: "R-1", county: "Harris", state: "TX" } });
    expect([status, body.data]).toMatchObject([
      200,
      {
        is_ok: true,
        problem: null,
        http_status: 200,
        found: { apn: "R1", acreage: 12.5, estimated_value: 90_000 },
      },
    ]);
    expect(server.received).toMatchObject([
      {
        method: "POST",
        url: "/parcels",
        headers: { authorization: SECRET },
        body: expect.stringMatching(/"where":"Harris, TX"/),
      },
    ]);
    expect((await parcelOf(lead)).acreage).toBeNull();
    expect(await serviceOf(id)).toMatchObject({ charged_today: 0, queued: 0 });
    expect(
      (await call("POST", `/enrichment-services/${id}/test`, { parcel: {} }, "campaign_manager")).status,
    ).toBe(403);
  });

  it.each<[string, () => void, string]>([
    ["HTML", () => server.answer(200, "<html>Welcome</html>"), "Its answer is no JSON."],
    ["text that is no object", () => server.answer(200, '"ok"'), "Its answer is no JSON object or list."],
    ["negative acres", () => server.answer(200, { parcel: { acres: -5 } }), "acreage is negative."],
    ["wrong types", () => server.answer(200, { parcel: { acres: [5] } }), "acreage is no number."],
    [
      "another parcel",
      () => server.answer(200, { parcel: { apn: "R-9", acres: 5 } }),
      "The answer is about another parcel: APN R-9.",
    ],
    ["a body without end", () => server.behave(flood), "Its answer is longer than 256 KB."],
    ["nothing", () => server.behave(hang), "It did not answer within 1 s."],
    ["a byte now and then", () => server.behave(drip), "It did not answer within 1 s."],
    ["half a body", () => server.behave(hangUp), "The connection was lost before the answer was complete."],
    ["429", () => server.answer(429, "", { "retry-after": "60" }), "It is asked too often (HTTP 429)."],
    ["500", () => server.answer(500, "oops"), "HTTP 500."],
    ["401", () => server.answer(401, ""), "It does not accept our secret (HTTP 401)."],
    ["404", () => server.answer(404, ""), "The service knows no such parcel (HTTP 404)."],
    ["400", () => server.answer(400, "bad"), "It does not understand our request (HTTP 400)."],
    [
      "a redirect to this machine",
      () => server.answer(302, "", { location: `${other.url}/admin` }),
      "It answers with a redirect, which is not followed.",
    ],
    [
      "a redirect to metadata",
      () => server.answer(307, "", { location: "http://169.254.169.254/latest/" }),
      "It answers with a redirect, which is not followed.",
    ],
  ])("of a service that answers with %s says so", async (_what, arrange, problem) => {
    const id = await add(propertyInput());
    arrange();
    const { status, body } = await test(id, { parcel: { apn: "R-1", county: "Harris", state: "TX" } });
    expect([status, body.data.is_ok, body.data.problem]).toEqual([200, false, problem]);
    expect(body.data.found).toEqual({});
    expect(other.received).toEqual([]);
    await call("DELETE", `/enrichment-services/${id}`);
  });

  it("of a service at a private address is not made, even if the address was stored", async () => {
    const id = await add(propertyInput());
    await org.sql`update public.enrichment_services set url = 'https://169.254.169.254/latest' where id = ${id}`;
    const { body } = await test(id, { parcel: { apn: "R-1", county: "Harris", state: "TX" } });
    expect(body.data.problem).toBe(
      "Only addresses of the public Internet are called, no private or local one.",
    );
  });
});

describe("the worker", () => {
  it("fills blank fields, sends the data to no other service, and shows its progress", async () => {
    const id = await add(propertyInput());
    server.answer(200, { parcel: { apn: "R-50", acres: 40, value: 125_000 } });
    const lead = await addLead("R-50");
    expect((await request(id, lead)).body.data).toMatchObject({ found: 1, queued: 1 });
    await waitFor(async () => (await parcelOf(lead)).acreage === 40);
    expect(await parcelOf(lead)).toMatchObject({ acreage: 40, estimated_value: 125_000, county: "Harris" });
    expect(await serviceOf(id)).toMatchObject({
      queued: 0,
      done_today: 1,
      charged_today: 1,
      budget_left: 99,
      state: "idle",
    });
    const { client } = org.admin;
    const { data } = await client
      .from("enrichment_answers")
      .select("http_status, reason, answer")
      .eq("service_id", id);
    expect(data).toEqual([
      { http_status: 200, reason: null, answer: '{"parcel":{"apn":"R-50","acres":40,"value":125000}}' },
    ]);
  });

  it("refuses a wrong answer, keeps it for review, and gives up a call without a valid answer", async () => {
    const id = await add(propertyInput());
    server.answer(200, { parcel: { apn: "R-61", acres: -5 } });
    const lead = await addLead("R-61");
    await request(id, lead);
    await waitFor(async () => (await serviceOf(id)).given_up === 1);
    expect(await serviceOf(id)).toMatchObject({ queued: 0, last_error: "acreage is negative.", failures: 1 });
    expect((await parcelOf(lead)).acreage).toBeNull();
    const [kept] =
      await org.sql`select reason, answer from public.enrichment_answers where service_id = ${id}`;
    expect(kept).toEqual({ reason: "acreage is negative.", answer: '{"parcel":{"apn":"R-61","acres":-5}}' });
  });

  it("waits as long as a service asks for after 429, and loses nothing", async () => {
    const id = await add(propertyInput());
    server.answer(429, "", { "retry-after": "3600" });
    const lead = await addLead("R-70");
    await request(id, lead);
    await waitFor(async () => (await serviceOf(id)).last_error !== null);
    const resting = await serviceOf(id);
    expect(resting).toMatchObject({
      state: "resting",
      queued: 1,
      charged_today: 0,
      last_error: "It is asked too often (HTTP 429).",
    });
    expect(Date.parse(resting.rests_until) - Date.now()).toBeGreaterThan(3_500_000);
    server.answer(200, { parcel: { acres: 3 } });
    await org.sql`update private.call_lanes set rests_until = null where service_id = ${id}`;
    await org.sql`update private.outside_calls set due_at = now() where lane_id = (select id from private.call_lanes where service_id = ${id})`;
    await waitFor(async () => (await parcelOf(lead)).acreage === 3);
  });

  it("scrubs phones in batches: those on a list are suppressed", async () => {
    const id = await add({
      kind: "scrub",
      name: "Scrub",
      url: `${server.url}/scrub`,
      batch_size: 2,
      is_enabled: true,
      request: { numbers: "{phones10}" },
      field_map: { results: "list", phone: "n", dnc: "dnc", litigator: "lit" },
    });
    server.behave(({ body }, response) => {
      const { numbers } = JSON.parse(body) as { numbers: string[] };
      response.end(
        JSON.stringify({
          list: numbers.map((n) => ({ n, dnc: n.endsWith("01"), lit: n.endsWith("02") ? "Y" : "N" })),
        }),
      );
    });
    phones = 3000;
    const leads = [];
    for (let i = 0; i < 3; i++) leads.push(await addLead(`S-${i}`));
    const asked = { lead_ids: leads };
    expect(
      (await call("POST", `/enrichment-services/${id}/requests`, asked, "campaign_manager")).body.data.queued,
    ).toBe(3);
    await waitFor(async () => (await serviceOf(id)).done_today === 3);
    expect(server.received.map(({ body }) => JSON.parse(body).numbers.length).sort()).toEqual([1, 2]);
    const listed =
      await org.sql`select e164, source from public.opt_outs where org_id = ${org.id} order by e164`;
    expect(listed).toEqual([
      { e164: fictionalPhoneAt(3001), source: "dnc" },
      { e164: fictionalPhoneAt(3002), source: "litigator" },
    ]);
    const { data } = await org.admin.client.from("phone_scrubs").select("e164, result").order("e164");
    expect(data?.map(({ result }) => result)).toEqual(["clean", "dnc", "litigator"]);
  });
});
