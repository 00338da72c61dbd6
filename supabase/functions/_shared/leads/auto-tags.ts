// The tags that an import adds automatically: SEP25 for the month, TX-HAR for state and county, 5-10AC for the size of the land.

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"] as const;

/** Each band begins with its own number of acres and ends before the next: exactly 5 acres are in 5-10AC. */
const BANDS: readonly [from: number, tag: string][] = [
  [100, "100+AC"],
  [50, "50-100AC"],
  [25, "25-50AC"],
  [10, "10-25AC"],
  [5, "5-10AC"],
  [1, "1-5AC"],
  [0, "0-1AC"],
];

/** @param date begins with YYYY-MM-DD; the rest is ignored */
export function monthTagOfDate(date: string): string {
  return `${MONTHS[Number(date.slice(5, 7)) - 1]}${date.slice(2, 4)}`;
}

/** @param timeZone IANA name: it decides which month it is there */
export function monthTag(now: Date, timeZone: string): string {
  // Sweden writes dates as YYYY-MM-DD.
  const day = { year: "numeric", month: "2-digit", day: "2-digit" } as const;
  return monthTagOfDate(new Intl.DateTimeFormat("sv-SE", { timeZone, ...day }).format(now));
}

/** @param state two letters. @returns null without a state, or without letters in the county */
export function geographicTag(state: unknown, county: unknown): string | null {
  if (typeof state !== "string" || typeof county !== "string") return null;
  const letters = county
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toUpperCase()
    .replace(/\b(?:COUNTY|PARISH|BOROUGH|CONDADO(?: DEL?)?)\b|[^A-Z]/g, "")
    .slice(0, 3);
  return letters === "" ? null : `${state}-${letters}`;
}

/** @returns null if `acres` is not a number, or negative */
export function acreageTag(acres: unknown): string | null {
  if (typeof acres !== "number") return null;
  return BANDS.find(([from]) => acres >= from)?.[1] ?? null;
}
