// States and territories of the United States: code and folded name.

export const US_STATES: Readonly<Record<string, string>> = {
  AL: "alabama",
  AK: "alaska",
  AZ: "arizona",
  AR: "arkansas",
  CA: "california",
  CO: "colorado",
  CT: "connecticut",
  DE: "delaware",
  DC: "district of columbia",
  FL: "florida",
  GA: "georgia",
  HI: "hawaii",
  ID: "idaho",
  IL: "illinois",
  IN: "indiana",
  IA: "iowa",
  KS: "kansas",
  KY: "kentucky",
  LA: "louisiana",
  ME: "maine",
  MD: "maryland",
  MA: "massachusetts",
  MI: "michigan",
  MN: "minnesota",
  MS: "mississippi",
  MO: "missouri",
  MT: "montana",
  NE: "nebraska",
  NV: "nevada",
  NH: "new hampshire",
  NJ: "new jersey",
  NM: "new mexico",
  NY: "new york",
  NC: "north carolina",
  ND: "north dakota",
  OH: "ohio",
  OK: "oklahoma",
  OR: "oregon",
  PA: "pennsylvania",
  RI: "rhode island",
  SC: "south carolina",
  SD: "south dakota",
  TN: "tennessee",
  TX: "texas",
  UT: "utah",
  VT: "vermont",
  VA: "virginia",
  WA: "washington",
  WV: "west virginia",
  WI: "wisconsin",
  WY: "wyoming",
  PR: "puerto rico",
  VI: "us virgin islands",
  GU: "guam",
  AS: "american samoa",
  MP: "northern mariana islands",
};

/** Other ways in which states are written. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  "washington dc": "DC",
  "d c": "DC",
  "virgin islands": "VI",
  "nuevo mexico": "NM",
  "nueva york": "NY",
  "carolina del norte": "NC",
  "carolina del sur": "SC",
  "dakota del norte": "ND",
  "dakota del sur": "SD",
  tejas: "TX",
  calif: "CA",
  fla: "FL",
  tex: "TX",
  ariz: "AZ",
  colo: "CO",
  "nueva jersey": "NJ",
  luisiana: "LA",
  oregon: "OR",
  "virginia occidental": "WV",
  hawai: "HI",
};

const CODES = new Map<string, string>([
  ...Object.entries(US_STATES).map(([code, name]): [string, string] => [name, code]),
  ...Object.entries(OTHER_NAMES),
]);

/** The two-letter code of a state written in any way, null where it is none of the United States or its territories. */
export function parseState(text: string): string | null {
  const upper = text.trim().toUpperCase();
  if (upper.length === 2 && Object.hasOwn(US_STATES, upper)) return upper;
  const folded = text
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z]+/g, " ")
    .trim();
  const compact = folded.replaceAll(" ", "").toUpperCase();
  if (compact.length === 2 && Object.hasOwn(US_STATES, compact)) return compact;
  return CODES.get(folded) ?? null;
}
