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

/** The letters by which names are compared, since points, commas and blanks vary, as in "Washington, D.C.". */
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

/** What may stand beside a state without changing it, without accents: the country, "state of", a ZIP code. */
const BESIDE =
  /\b(?:usa|us|u s a|u s|united states(?: of america)?|estados unidos(?: de america)?|eeuu|ee uu|eua|(?:the )?state of|estado de|\d{5}(?: \d{4})?)\b/g;
/** No name of a state is longer, with all that may stand beside it. */
const MAX_CHARS = 80;

/** The two-letter code of a state in any spelling; null if it is no state or territory of the United States. */
export function parseState(text: string): string | null {
  return parseStateName(text) ?? parseStateBesideOthers(text);
}

/** The same for a text that holds nothing but the state. */
export function parseStateName(text: string): string | null {
  return codeOf(lettersOf(text));
}

function codeOf(letters: string): string | null {
  const code = letters.toUpperCase();
  return Object.hasOwn(US_STATES, code) ? code : (CODES.get(letters) ?? null);
}

/** "US-TX", "TX, USA", "TX 78701", "TX - Texas". */
function parseStateBesideOthers(text: string): string | null {
  if (text.length > MAX_CHARS) return null;
  const words = text
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, " ")
    .replace(BESIDE, " ")
    .trim()
    .split(/ +/);
  const whole = codeOf(words.join(""));
  if (whole !== null || words.length < 2) return whole;
  // The code and the name of the same state, in any order.
  const first = codeOf(words[0] as string);
  if (first !== null && first === codeOf(words.slice(1).join(""))) return first;
  const last = codeOf(words.at(-1) as string);
  return last !== null && last === codeOf(words.slice(0, -1).join("")) ? last : null;
}
