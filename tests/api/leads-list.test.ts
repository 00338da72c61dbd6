// Listing and searching leads over HTTP: pages, cursors, search in every field, filters.
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { callFunction } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { fictionalPhoneAt } from "../fixtures/list-phones.ts";

const stack = inject("stack");
let org: TestOrg;
let other: TestOrg;

/** Leads as they are made below, the newest last. */
const PEOPLE = [
  {
    first_name: "José",
    last_name: "Muñoz",
    city: "Round Rock",
    county: "Travis",
    state: "TX",
    tags: ["VIP"],
  },
  {
    first_name: "Ana",
    last_name: "O'Brien",
    address1: "100% Main_St",
    county: "travis",
    state: "TX",
    status: "contacted",
  },
  {
    first_name: "Ng",
    last_name: "Vo",
    email: "ng.vo@example.com",
    county: "Pima",
    state: "AZ",
    tags: ["VIP", "SEP25"],
  },
  { first_name: "María José", last_name: "Peña", postal_code: "85001-1234", county: "Maricopa", state: "AZ" },
  {
    first_name: "Zoë",
    last_name: "Ärnström",
    county: "El Paso",
    state: "TX",
    tags: ["OCT25"],
    status: "interested",
  },
];

beforeAll(async () => {
  org = await createOrg(stack, { roles: ["viewer"], numbers: 0 });
  other = await createOrg(stack, { numbers: 0 });
  for (const [i, person] of PEOPLE.entries()) {
    const body = {
      ...person,
      primary_phone: `512-555-01${10 + i}`,
      ...(i === 0 && { alternate_phone: "713-555-0177" }),
    };
    const answer = await callFunction(stack, org.admin, "POST", "/leads", body);
    if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
  }
  await callFunction(stack, other.admin, "POST", "/leads", {
    first_name: "José",
    primary_phone: "512-555-0110",
  });
});
afterAll(() => Promise.all([org.close(), other.close()]));

const list = async (query: Record<string, string> | string[][], user = org.users.viewer) =>
  callFunction(stack, user, "GET", `/leads?${new URLSearchParams(query as string[][])}`);
const names = async (query: Record<string, string> | string[][]) => {
  const { body } = await list(query);
  expect(body.pagination.total).toBe(body.data.length);
  return body.data.map((lead: { first_name: string }) => lead.first_name).sort();
};

describe("searching", () => {
  it.each([
    ["jose", ["José", "María José"]],
    ["JOSÉ muñoz", ["José"]],
    ["munoz jose", ["José"]],
    ["pena", ["María José"]],
    ["arnstrom", ["Zoë"]],
    ["round ro", ["José"]],
    ["o'brien", ["Ana"]],
    ["O’Brien", ["Ana"]],
    ["obrien", ["Ana"]],
    ["brien", ["Ana"]],
    ["muñoz", ["José"]],
    ["mun\u0303oz", ["José"]],
    ["MUNOZ", ["José"]],
    ["100%", ["Ana"]],
    ["main_st", ["Ana"]],
    ["n%v", []],
    ["ng", ["Ng"]],
    ["vo", ["Ng"]],
    ["z", ["Zoë"]],
    ["vo@example", ["Ng"]],
    ["el paso", ["Zoë"]],
    ["85001-1234", ["María José"]],
    ["(713) 555-0177", ["José"]],
    ["+1 713 555 0177", ["José"]],
    ["17135550177", ["José"]],
    ["5550177", ["José"]],
    ["555-0112", ["Ng"]],
    ["713", ["José"]],
    ["(512) 555", ["Ana", "José", "María José", "Ng", "Zoë"]],
    ["jose 713", ["José"]],
    ["nobody", []],
    ["-", ["Ana", "José", "María José", "Ng", "Zoë"]],
    ["\\", []],
  ])("finds by %j", async (search, expected) => {
    expect(await names({ search })).toEqual(expected);
  });
});

describe("filtering", () => {
  it.each([
    [[["county[]", "TRAVIS"]], ["Ana", "José"]],
    [
      [
        ["county", "travis"],
        ["county", "Pima"],
      ],
      ["Ana", "José", "Ng"],
    ],
    [[["state", "AZ"]], ["María José", "Ng"]],
    [[["state", "arizona,TX"]], ["Ana", "José", "María José", "Ng", "Zoë"]],
    [
      [
        ["status[]", "contacted"],
        ["status[]", "interested"],
      ],
      ["Ana", "Zoë"],
    ],
    [[["tags", "vip"]], ["José", "Ng"]],
    [
      [
        ["tags[]", "SEP25"],
        ["tags[]", "OCT25"],
      ],
      ["Ng", "Zoë"],
    ],
    [[["tags", "NONE"]], []],
    [
      [
        ["search", "jose"],
        ["state", "AZ"],
      ],
      ["María José"],
    ],
    [
      [
        ["tags", "VIP"],
        ["county", "Pima"],
        ["search", "vo"],
      ],
      ["Ng"],
    ],
  ])("by %j", async (query, expected) => {
    expect(await names(query)).toEqual(expected);
  });

  it("refuses words it does not know", async () => {
    expect((await list({ status: "sold" })).status).toBe(422);
    expect((await list({ limit: "1001" })).status).toBe(422);
    expect((await list({ cursor: "nonsense" })).status).toBe(422);
    expect((await list({ search: "x".repeat(201) })).status).toBe(422);
  });
});

describe("paging", () => {
  it("gives the newest first, by page and limit or skip and limit", async () => {
    const ids = async (query: Record<string, string>) =>
      (await list(query)).body.data.map((lead: { first_name: string }) => lead.first_name);
    expect(await ids({})).toEqual(PEOPLE.map((person) => person.first_name).reverse());
    expect(await ids({ page: "2", limit: "2" })).toEqual(["Ng", "Ana"]);
    expect(await ids({ skip: "1", limit: "3" })).toEqual(["María José", "Ng", "Ana"]);
    expect((await list({ page: "9", limit: "2" })).body).toMatchObject({
      data: [],
      pagination: { total: 5, totalPages: 3 },
    });
  });

  it("walks a list once by cursor, while leads are added and deleted", async () => {
    const busy = await createOrg(stack, { numbers: 0 });
    const add = (from: number, count: number) => busy.sql`
      with new as (
        insert into public.leads (org_id, first_name, created_at)
        select ${busy.id}, 'Walk', now() - random() * interval '1 hour' from generate_series(1, ${count}) returning id
      )
      insert into public.lead_phones (org_id, lead_id, e164, role)
      select ${busy.id}, n.id, p, 'primary'
      from (select id, row_number() over () as i from new) n
      join unnest(${Array.from({ length: count }, (_, i) => fictionalPhoneAt(from + i))}::text[]) with ordinality x (p, i) on x.i = n.i`;
    await add(0, 95);
    const before = new Set(
      (await busy.sql`select id from public.leads where org_id = ${busy.id}`).map((row) => row.id),
    );
    const seen: string[] = [];
    let cursor: string | null = null;
    let added = 95;
    do {
      const { body } = await list({ limit: "10", search: "walk", ...(cursor && { cursor }) }, busy.admin);
      seen.push(...body.data.map((lead: { id: string }) => lead.id));
      cursor = body.pagination.next_cursor;
      await add(added++, 1);
      const [gone] = body.data;
      if (gone) await callFunction(stack, busy.admin, "DELETE", `/leads/${gone.id}`);
    } while (cursor);
    expect(new Set(seen).size).toBe(seen.length);
    expect([...before].filter((id) => !seen.includes(id))).toEqual([]);
    await busy.close();
  });

  it("counts exactly up to 10,000 and says where a total is an estimate", async () => {
    const big = await createOrg(stack, { numbers: 0 });
    await big.sql.begin(async (tx) => {
      await tx`set local session_replication_role = replica`;
      await tx`
        insert into public.leads (org_id, first_name, last_name)
        select ${big.id}, case when i <= 10000 then 'Many' else 'More' end, 'Owner' from generate_series(1, 10500) i`;
    });
    await big.sql`analyze public.leads`;
    const total = async (search: string) => (await list({ search, limit: "1" }, big.admin)).body.pagination;
    expect(await total("many")).toMatchObject({
      total: 10_000,
      total_is_estimate: false,
      totalPages: 10_000,
    });
    expect(await total("more")).toMatchObject({ total: 500, total_is_estimate: false });
    const all = await total("owner");
    expect(all.total_is_estimate).toBe(true);
    expect(all.total).toBeGreaterThan(10_000);
    await big.close();
  });

  it("shows nobody else's leads, and none without a token", async () => {
    expect((await list({ search: "jose" }, other.admin)).body.data).toHaveLength(1);
    expect((await callFunction(stack, undefined, "GET", "/leads")).status).toBe(401);
    expect(
      (await other.admin.client.rpc("search_leads", { p_filter: { search: "muñoz" } })).data,
    ).toMatchObject({
      leads: [],
      total: 0,
    });
  });
});
