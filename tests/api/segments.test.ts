// Segments over HTTP: filters and lists, live counts, who may change them, and campaigns that are built from them.

import { waitFor } from "local-supabase/testing/wait-for";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { callFunction } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { fictionalPhoneAt } from "../fixtures/list-phones.ts";

const stack = inject("stack");
let org: TestOrg;
let other: TestOrg;
/** Ids of leads by first name. */
const ids: Record<string, string> = {};

const call = (
  method: "GET" | "POST" | "PATCH" | "DELETE",
  path: string,
  body?: unknown,
  user = org.users.operator,
) => callFunction(stack, user, method, path, body);

beforeAll(async () => {
  [org, other] = await Promise.all([
    createOrg(stack, { roles: ["viewer", "operator", "campaign_manager"] }),
    createOrg(stack, { numbers: 0 }),
  ]);
  for (const [i, [name, county]] of [
    ["Ana", "Travis"],
    ["Beto", "Travis"],
    ["Carla", "Pima"],
  ].entries()) {
    const { body } = await call("POST", "/leads", {
      first_name: name,
      county,
      primary_phone: fictionalPhoneAt(i),
    });
    ids[name as string] = body.data.id;
  }
});
afterAll(() => Promise.all([org.close(), other.close()]));

const create = async (input: object) => {
  const answer = await call("POST", "/leads/segments", input);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body.data;
};
const namesIn = async (id: string) => {
  const { body } = await call("GET", `/leads?segment_id=${id}&sort_by=name`);
  return body.data.map((lead: { first_name: string }) => lead.first_name).sort();
};

it("keeps a filter under a name: leads that match are in it, now and later", async () => {
  const segment = await create({ kind: "filter", name: "Travis", filter: { counties: ["travis"] } });
  expect(segment).toMatchObject({
    kind: "filter",
    name: "Travis",
    filter: { counties: ["travis"] },
    leads: { total: 2, total_is_estimate: false },
    created_by: org.users.operator?.id,
  });
  await call("PATCH", `/leads/${ids.Carla}`, { county: "Travis" });
  expect((await call("GET", `/leads/segments/${segment.id}`)).body.data.leads.total).toBe(3);
  await call("PATCH", `/leads/${ids.Carla}`, { county: "Pima" });
  const changed = await call("PATCH", `/leads/segments/${segment.id}`, { filter: { counties: ["Pima"] } });
  expect(changed.body.data).toMatchObject({ name: "Travis", leads: { total: 1 } });
  expect(await namesIn(segment.id)).toEqual(["Carla"]);
});

it("holds a list: leads are added and removed, each once, and deleted leads are removed", async () => {
  const list = await create({ kind: "list", name: "Fair", lead_ids: [ids.Ana] });
  const change = async (body: object) =>
    (await call("POST", `/leads/segments/${list.id}/leads`, body)).body.data;
  expect(await change({ add: [ids.Ana, ids.Beto, ids.Beto] })).toEqual({ added: 1, removed: 0 });
  expect(await change({ add: [ids.Carla], remove: [ids.Ana] })).toEqual({ added: 1, removed: 1 });
  expect(await namesIn(list.id)).toEqual(["Beto", "Carla"]);
  const gone = (await call("POST", "/leads", { first_name: "Gone", primary_phone: fictionalPhoneAt(20) }))
    .body.data.id;
  expect(await change({ add: [gone] })).toEqual({ added: 1, removed: 0 });
  await call("DELETE", `/leads/${gone}`);
  expect(await namesIn(list.id)).toEqual(["Beto", "Carla"]);
  expect(await change({ add: [gone] })).toEqual({ added: 0, removed: 0 });
});

it("lists segments by name, and by kind and part of the name", async () => {
  await create({ kind: "list", name: "zz last" });
  const { body } = await call("GET", "/leads/segments?kind=list");
  const names = body.data.map((segment: { name: string }) => segment.name);
  expect(names).toContain("zz last");
  expect(names).not.toContain("Travis");
  expect((await call("GET", "/leads/segments?search=ZZ")).body).toMatchObject({
    data: [{ name: "zz last" }],
    pagination: { total: 1 },
  });
});

describe("refuses", () => {
  it.each([
    [{ kind: "filter", name: "x" }, 422, "filter"],
    [{ kind: "filter", name: "x", filter: { county: ["Travis"] } }, 422, "filter"],
    [{ kind: "filter", name: "x", filter: { segment_ids: [] } }, 422, "filter"],
    [{ kind: "filter", name: "x", filter: { deleted: true } }, 422, "filter"],
    [{ kind: "list", name: " " }, 422, "name"],
    [{ kind: "list", name: "x", filter: {} }, 422, "filter"],
    [{ kind: "other", name: "x" }, 422, "kind"],
  ])("%j", async (input, status, field) => {
    const answer = await call("POST", "/leads/segments", input);
    expect(answer.status).toBe(status);
    expect(JSON.stringify(answer.body.error.details)).toContain(field);
  });

  it("a name that is taken, in any case", async () => {
    await create({ kind: "list", name: "Taken" });
    const answer = await call("POST", "/leads/segments", { kind: "list", name: "TAKEN " });
    expect(answer.status).toBe(409);
    expect(answer.body.error.code).toBe("duplicate");
  });

  it("leads for a filter segment, a filter for a list, and a segment that does not exist", async () => {
    const filter = await create({ kind: "filter", name: "All", filter: {} });
    expect((await call("POST", `/leads/segments/${filter.id}/leads`, { add: [ids.Ana] })).status).toBe(409);
    const list = await create({ kind: "list", name: "Plain" });
    expect((await call("PATCH", `/leads/segments/${list.id}`, { filter: {} })).status).toBe(422);
    expect((await call("GET", `/leads/segments/${crypto.randomUUID()}`)).status).toBe(404);
  });

  it("another organisation: its leads go onto no list of ours, and our segments find nobody there", async () => {
    const list = await create({ kind: "list", name: "Ours", lead_ids: [ids.Ana] });
    const theirs = (await call("POST", "/leads", { primary_phone: fictionalPhoneAt(0) }, other.admin)).body
      .data.id;
    expect((await call("POST", `/leads/segments/${list.id}/leads`, { add: [theirs] })).body.data.added).toBe(
      0,
    );
    expect((await call("GET", `/leads?segment_id=${list.id}`, undefined, other.admin)).status).toBe(422);
  });

  it("a viewer with supabase-js, by table and by function", async () => {
    const { client } = org.users.viewer as NonNullable<typeof org.users.viewer>;
    const row = { org_id: org.id, name: "Mine", kind: "list" };
    expect((await client.from("segments").insert(row)).error?.code).toBe("42501");
    expect(
      (await client.rpc("save_segment", { p_input: { kind: "list", name: "Mine" } })).error,
    ).not.toBeNull();
    const { data } = await client.from("segments").select("name");
    expect(data?.length).toBeGreaterThan(0);
  });
});

it("counts any filter", async () => {
  const { body } = await call("POST", "/leads/count", { filter: { counties: ["Travis"], search: "ana" } });
  expect(body.data).toEqual({ total: 1, total_is_estimate: false });
});

it("continues by cursor in each order, and refuses the cursor of another order", async () => {
  for (const order of [
    { sort_by: "name" },
    { sort_by: "score" },
    { sort_by: "created_at", sort_order: "asc" },
  ]) {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const { body } = await call("POST", "/leads/search", {
        ...order,
        limit: 1,
        filter: { ids: Object.values(ids) },
        ...(cursor && { cursor }),
      });
      seen.push(...body.data.map((lead: { first_name: string }) => lead.first_name));
      cursor = body.pagination.next_cursor ?? undefined;
      if (cursor) {
        const wrong = await call("GET", `/leads?sort_by=created_at&sort_order=desc&cursor=${cursor}`);
        expect(wrong.status).toBe(422);
      }
    } while (cursor);
    expect(seen.sort()).toEqual(["Ana", "Beto", "Carla"]);
  }
});

describe("a campaign", () => {
  const draft = async (target_criteria: object) =>
    await call("POST", "/campaigns", { name: "C", target_criteria }, org.users.campaign_manager);
  const dryRun = async (id: string) =>
    (await call("POST", `/campaigns/${id}/build-targets`, { dry_run: true }, org.users.campaign_manager)).body
      .data.counts;

  it("is built for the leads of its segments as they are then, and keeps them from being removed before", async () => {
    const list = await create({ kind: "list", name: "For a campaign", lead_ids: [ids.Ana] });
    const filter = await create({ kind: "filter", name: "Also", filter: { counties: ["Pima"] } });
    const { body } = await draft({ segment_ids: [list.id, filter.id] });
    const { id } = body.data;
    expect(await dryRun(id)).toMatchObject({ audience: 2, targets: 2, not_looked_up: 2 });
    const refused = await call("DELETE", `/leads/segments/${list.id}`);
    expect(refused.status).toBe(409);
    expect(refused.body.error.details).toEqual({ campaign_id: id });
    await call("POST", `/leads/segments/${list.id}/leads`, { add: [ids.Beto] });
    await call("POST", `/campaigns/${id}/build-targets`, {}, org.users.campaign_manager);
    await waitFor(async () => (await call("GET", `/campaigns/${id}`)).body.data.status === "ready");
    const targets = await org.sql`select lead_id from public.campaign_targets where campaign_id = ${id}`;
    expect(targets.map((row) => row.lead_id).sort()).toEqual(Object.values(ids).sort());
    expect((await call("DELETE", `/leads/segments/${list.id}`)).status).toBe(204);
    // Its audience is fixed; building again would give another one.
    const again = await call("POST", `/campaigns/${id}/build-targets`, {}, org.users.campaign_manager);
    expect(again.status).toBe(422);
    expect(JSON.stringify(again.body.error.details)).toContain("segment_ids");
  });

  it("accepts any filter, and refuses an impossible one when it is saved", async () => {
    const { body } = await draft({ filter: { search: "beto", contacted: "never" } });
    expect(await dryRun(body.data.id)).toMatchObject({ audience: 1 });
    expect((await draft({ filter: { colour: ["red"] } })).status).toBe(422);
    expect((await draft({ segment_ids: [crypto.randomUUID()] })).status).toBe(422);
  });
});
