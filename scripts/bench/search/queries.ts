// What people ask of a list of owners: words common and rare, fragments, every filter, other orders, deep pages.
import type { LeadFilter } from "../../../supabase/functions/_shared/leads/lead-filter.ts";

export interface LeadQuery {
  filter: LeadFilter;
  sort_by?: "created_at" | "name" | "score";
  sort_order?: "asc" | "desc";
  limit?: number;
  skip?: number;
}

const ask = (filter: LeadFilter, more: Omit<LeadQuery, "filter"> = {}): LeadQuery => ({ filter, ...more });
const search = (words: string, filter: LeadFilter = {}, more: Omit<LeadQuery, "filter"> = {}): LeadQuery =>
  ask({ search: words, ...filter }, more);
const BY_NAME = { sort_by: "name", sort_order: "asc" } as const;
const BY_SCORE = { sort_by: "score", sort_order: "desc" } as const;

export const QUERIES: readonly LeadQuery[] = [
  ask({}),
  ask({}, { limit: 1_000 }),
  ask({}, { skip: 1_000 }),
  ask({}, { skip: 20_000 }),
  ask({}, { skip: 90_000 }),
  ask({}, BY_NAME),
  ask({}, BY_SCORE),
  ask({}, { sort_order: "asc" }),
  search("maria"),
  search("MARÍA"),
  search("garcia"),
  search("garcia", {}, BY_NAME),
  search("sofia"),
  search("peña"),
  search("o'brien"),
  search("maria garcia"),
  search("ana o'brien"),
  search("rosa hernandez austin"),
  search("maria", {}, { skip: 2_000 }),
  search("zyx64"),
  search("zyx3e8"),
  search("nobody-has-this"),
  search("maria nobody"),
  search("al"),
  search("j"),
  search("555"),
  search("123"),
  search("1234"),
  search("4455667"),
  search("(512) 555-0101"),
  search("@example.com"),
  search("maria4"),
  search("oak"),
  search("mesquite rd"),
  search("70123"),
  search("marfa"),
  search("012-0034-5"),
  search("01200345"),
  ask({ counties: ["Harris"] }),
  ask({ counties: ["Kinney", "Maverick"] }),
  ask({ counties: ["Harris"] }, BY_SCORE),
  ask({ states: ["TX"] }),
  ask({ states: ["AR"] }, BY_NAME),
  ask({ states: ["AR"], statuses: ["interested"] }),
  ask({ cities: ["Marfa"] }),
  ask({ zips: ["70123"] }),
  ask({ statuses: ["new"] }, { skip: 5_000 }),
  ask({ scores: ["hot"] }),
  ask({ sources: ["Referral"] }),
  ask({ consent: ["granted"] }),
  ask({ consent: ["denied"], states: ["AR"] }),
  ask({ tags: { any: ["HOT"] } }),
  ask({ tags: { any: ["HOT"] } }, BY_NAME),
  ask({ tags: { all: ["TX-HAR", "HOT"] }, states: ["TX"] }),
  ask({ tags: { none: ["TX-HAR"] } }),
  ask({ property_types: ["Mobile home"] }),
  ask({ acreage: { from: 5, to: 10 } }),
  ask({ acreage: { from: 199.9 } }),
  ask({ estimated_value: { from: 100_000, to: 120_000 }, counties: ["Llano"] }),
  ask({ contacted: "never" }),
  ask({ contacted: "ever", states: ["FL"] }),
  ask({ not_contacted_days: 30 }),
  ask({ not_contacted_days: 390, statuses: ["new"] }),
  ask({ replied: true }),
  ask({ replied: false, cities: ["Waco"] }),
  ask({ line_types: ["landline"] }),
  ask({ line_types: ["voip"] }),
  ask({ custom_fields: { "Flood Zone": ["VE"] } }),
  ask({ custom_fields: { "Tax year": 1999, "Flood Zone": "AE" } }),
  search("maria", { states: ["TX"], statuses: ["new"] }),
  search("smith", { counties: ["Marfa"] }),
  search("rosa", { tags: { any: ["HOT"] }, counties: ["Harris"] }),
];
