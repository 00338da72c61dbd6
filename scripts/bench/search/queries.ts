// What people ask of a list of owners: words common and rare, fragments, filters, deep pages.

export interface LeadQuery {
  /** Of private.search_leads. */
  p_search?: string;
  p_counties?: string[];
  p_states?: string[];
  p_statuses?: string[];
  p_tags?: string[];
  p_limit?: number;
  p_offset?: number;
}

const search = (p_search: string, more: LeadQuery = {}): LeadQuery => ({ p_search, ...more });

export const QUERIES: readonly LeadQuery[] = [
  {},
  { p_limit: 1_000 },
  { p_offset: 1_000 },
  { p_offset: 20_000 },
  { p_offset: 90_000 },
  search("maria"),
  search("MARÍA"),
  search("garcia"),
  search("sofia"),
  search("peña"),
  search("o'brien"),
  search("maria garcia"),
  search("ana o'brien"),
  search("rosa hernandez austin"),
  search("maria", { p_offset: 2_000 }),
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
  { p_counties: ["Harris"] },
  { p_counties: ["Kinney", "Maverick"] },
  { p_states: ["TX"] },
  { p_states: ["AR"], p_statuses: ["interested"] },
  { p_statuses: ["new"], p_offset: 5_000 },
  { p_tags: ["HOT"] },
  { p_tags: ["TX-HAR", "HOT"], p_states: ["TX"] },
  search("maria", { p_states: ["TX"], p_statuses: ["new"] }),
  search("smith", { p_counties: ["Marfa"] }),
  search("rosa", { p_tags: ["HOT"], p_counties: ["Harris"] }),
];

/** The same question to the function: its address after the area's name. */
export function addressOf(query: LeadQuery): string {
  const { p_search, p_counties, p_states, p_statuses, p_tags, p_limit = 50, p_offset = 0 } = query;
  const params = new URLSearchParams({ limit: String(p_limit), skip: String(p_offset) });
  if (p_search !== undefined) params.set("search", p_search);
  for (const county of p_counties ?? []) params.append("county", county);
  for (const state of p_states ?? []) params.append("state", state);
  for (const status of p_statuses ?? []) params.append("status", status);
  for (const tag of p_tags ?? []) params.append("tags", tag);
  return `/leads?${params}`;
}
