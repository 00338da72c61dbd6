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

/** What a name is compared by: points, commas and blanks are written in many ways, as in "Washington, D.C.". */
const lettersOf = (text: string) =>
  text
    .normalize("NFD")
    .toLowerCase()
    .replace(/[^a-z]+/g, "");

const CODES = new Map(
  [
    ...Object.entries(US_STATES).map(([code, name]) => [name, code] as const),
    ...Object.entries(OTHER_NAMES),
  ].map(([name, code]) => [lettersOf(name), code]),
);

/** The two-letter code of a state written in any way, null where it is none of the United States or its territories. */
export function parseState(text: string): string | null {
  const letters = lettersOf(text);
  const code = letters.toUpperCase();
  return Object.hasOwn(US_STATES, code) ? code : (CODES.get(letters) ?? null);
}
