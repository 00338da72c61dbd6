// The functions and the database refuse the same values: each value is sent to a route and to the rpc function behind it.
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { fictionalPhoneAt } from "../fixtures/list-phones.ts";
import { type Mutation, mutationsOf } from "../fixtures/mutate-input.ts";
import { sampleCases } from "../fixtures/sample-cases.ts";

const stack = inject("stack");
let org: TestOrg;
/** Ids that the inputs refer to. */
let leadId: string;
let phoneId: string;
let parcelId: string;
let listId: string;

beforeAll(async () => {
  org = await createOrg(stack, { numbers: 0 });
  const { data, error } = await org.admin.client.rpc("create_lead", {
    p_lead: { primary_phone: fictionalPhoneAt(0), properties: [{ apn: "1" }] },
  });
  expect(error).toBeNull();
  const lead = data as { id: string; phones: { id: string }[]; properties: { id: string }[] };
  leadId = lead.id;
  phoneId = lead.phones[0]?.id as string;
  parcelId = lead.properties[0]?.id as string;
  const list = await org.admin.client.rpc("save_segment", { p_input: { kind: "list", name: "List" } });
  listId = list.data as string;
});
afterAll(() => org?.close());

const FILTER = {
  search: "garcia 78701",
  counties: ["Travis"],
  states: ["TX"],
  cities: ["Austin"],
  zips: ["78701"],
  tags: { any: ["VIP"], all: ["A"], none: ["B"] },
  statuses: ["new"],
  scores: ["hot"],
  sources: ["List"],
  consent: ["unknown"],
  languages: ["es"],
  property_types: ["Land"],
  acreage: { from: 1, to: 2.5 },
  estimated_value: { from: 1 },
  line_types: ["mobile"],
  contacted: "never",
  not_contacted_days: 30,
  replied: false,
  created: { from: "2026-01-01T00:00:00Z", to: "2026-12-31T00:00:00+05:00" },
  custom_fields: { Zone: ["AE", 1, true], Year: 1999 },
  deleted: false,
};
const parcel = {
  apn: "1-2",
  county: "Travis",
  state: "TX",
  situs: "Elm Rd",
  acreage: 1.5,
  estimated_value: 10,
};
const LEAD = {
  first_name: "Ana",
  language: "es",
  email: "ana@example.com",
  address1: "12 Elm St",
  state: "TX",
  postal_code: "78701",
  status: "new",
  lead_score: "hot",
  consent_status: "granted",
  source: "List",
  notes: "x",
  tags: ["VIP"],
  custom_fields: { Zone: "AE", Year: 1999 },
  properties: [parcel],
};

interface Case {
  method: "POST" | "PATCH";
  path(): string;
  /** The body of the route, all of it good. */
  body(): object;
  rpc: string;
  /** The arguments that the route makes from its body. */
  args(body: Record<string, unknown>): object;
  /** Parts that a route accepts in more forms than the database, and those forms. */
  wider?: Record<string, string>;
}

const TAGS = "tags are written in capitals";
const NULL = "null is what is left out";
const PROTOTYPE = "zod leaves out what is called __proto__";
const NESTED = "a list in a list is one list to Postgres";
const CASES: Record<string, Case> = {
  "counting leads": {
    method: "POST",
    path: () => "/leads/count",
    rpc: "count_leads",
    body: () => ({ filter: FILTER }),
    args: ({ filter }) => ({ p_filter: filter }),
    wider: { filter: NULL, "filter.custom_fields": PROTOTYPE },
  },
  "finding leads by ids": {
    method: "POST",
    path: () => "/leads/search",
    rpc: "search_leads",
    body: () => ({
      filter: { ids: [leadId], import_ids: [leadId], campaign_ids: [leadId], segment_ids: [listId] },
    }),
    args: ({ filter }) => ({ p_filter: filter }),
    wider: { filter: NULL },
  },
  "changing a parcel": {
    method: "PATCH",
    path: () => `/leads/${leadId}/properties/${parcelId}`,
    rpc: "update_parcel",
    body: () => parcel,
    args: (body) => ({ p_lead_id: leadId, p_property_id: parcelId, p_changes: body }),
    wider: { state: "names of states" },
  },
  "changing a phone": {
    method: "PATCH",
    path: () => `/leads/${leadId}/phones/${phoneId}`,
    rpc: "update_lead_phone",
    body: () => ({
      label: "Office",
      consent_status: "granted",
      consent_evidence: "x",
      is_valid: false,
      invalid_reason: "x",
      line_type: "mobile",
    }),
    args: (body) => ({ p_lead_id: leadId, p_phone_id: phoneId, p_changes: body }),
  },
  "changing a lead": {
    method: "PATCH",
    path: () => `/leads/${leadId}`,
    rpc: "update_lead",
    body: () => LEAD,
    args: (body) => ({ p_lead_id: leadId, p_changes: body }),
    wider: {
      "tags.0": TAGS,
      custom_fields: PROTOTYPE,
      state: "names of states",
      "properties.0.state": "names of states",
    },
  },
  "keeping a filter": {
    method: "PATCH",
    path: () => `/leads/segments/${listId}`,
    rpc: "save_segment",
    body: () => ({ name: "List", description: "x" }),
    args: (body) => ({ p_segment_id: listId, p_input: body }),
  },
  "putting leads on a list": {
    method: "POST",
    path: () => `/leads/segments/${listId}/leads`,
    rpc: "change_segment_leads",
    body: () => ({ add: [leadId], remove: [leadId] }),
    args: ({ add, remove, ...rest }) => ({ p_segment_id: listId, p_add: add, p_remove: remove, ...rest }),
    wider: { add: NULL, remove: NULL, "add.0": NESTED, "remove.0": NESTED },
  },
  exporting: {
    method: "POST",
    path: () => "/leads/exports",
    rpc: "create_export",
    body: () => ({ filter: { states: ["XX"] }, format: "csv", columns: ["city"], rows_per: "lead" }),
    args: ({ filter, ...options }) => ({ p_filter: filter, p_options: options }),
    wider: { columns: NULL },
  },
  "changing many leads": {
    method: "POST",
    path: () => "/leads/bulk-actions",
    rpc: "start_bulk_action",
    body: () => ({ action: "add_tags", value: ["A"], filter: { states: ["XX"] }, dry_run: true }),
    args: (body) => ({ p_input: body }),
  },
  merging: {
    method: "POST",
    path: () => "/leads/merge",
    rpc: "merge_leads",
    body: () => ({ keep_id: leadId, merge_ids: [listId], prefer: { email: leadId }, dry_run: true }),
    args: ({ keep_id, merge_ids, prefer, dry_run, ...rest }) => ({
      p_keep_id: keep_id,
      p_merge_ids: merge_ids,
      p_prefer: prefer,
      p_dry_run: dry_run,
      ...rest,
    }),
    wider: { prefer: NULL, dry_run: NULL, "merge_ids.0": NESTED },
  },
};

async function send(url: string, method: string, json: string): Promise<{ status: number; text: string }> {
  const response = await fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${org.admin.token}`,
      apikey: stack.PUBLISHABLE_KEY,
      "content-type": "application/json",
    },
    body: json,
  });
  return { status: response.status, text: await response.text() };
}

/** Codes for invalid values. Errors for rows that don't exist, or that must wait, don't count. */
const isRefused = ({ status, text }: { status: number; text: string }) =>
  [400, 413, 422].includes(status) || isTooComplex(text);
/** PostgREST answers 413 to errors of class 54; the stand-in here answers 500. */
const isTooComplex = (text: string) => /"code":"54\d{3}"/.test(text);
const isBroken = ({ status, text }: { status: number; text: string }) => status >= 500 && !isTooComplex(text);

describe.each(Object.entries(CASES))("%s", (name, one) => {
  const both = async (json: string) => {
    const [http, rpc] = await Promise.all([
      send(`${stack.FUNCTIONS_URL}${one.path()}`, one.method, json),
      send(`${stack.API_URL}/rest/v1/rpc/${one.rpc}`, "POST", JSON.stringify(one.args(JSON.parse(json)))),
    ]);
    return { http, rpc };
  };

  it("takes what is right", async () => {
    const { http, rpc } = await both(JSON.stringify(one.body()));
    expect([isRefused(http), isRefused(rpc)], `${http.text} ${rpc.text}`).toEqual([false, false]);
  });

  it("is judged the same by both", async () => {
    const disagreed: string[] = [];
    const judge = async ({ name, path, json }: Mutation) => {
      const { http, rpc } = await both(json);
      const told = `${name}: ${http.status} ${http.text.slice(0, 200)} | ${rpc.status} ${rpc.text.slice(0, 200)}`;
      const isAlike = isRefused(http) === isRefused(rpc) || one.wider?.[path] !== undefined;
      if (isBroken(http) || isBroken(rpc) || !isAlike) disagreed.push(told);
    };
    const tried = sampleCases(name, mutationsOf(one.body()), 0.3);
    for (let at = 0; at < tried.length; at += 8) await Promise.all(tried.slice(at, at + 8).map(judge));
    expect(disagreed).toEqual([]);
  }, 300_000);
});
