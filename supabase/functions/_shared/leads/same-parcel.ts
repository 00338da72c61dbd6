// Whether two parcels of one owner are the same, by the rules of private.identify_parcel: the preview of an import must agree with
// the import. A test compares them.
import { parseStateName } from "./us-states.ts";

export type ParcelValues = Readonly<Record<string, unknown>>;

/** Accents, apostrophes, and signs that can't be seen. */
const DROPPED =
  /[\u0300-\u036f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff'`‘’‚‛′ʹʻʼʽˈ׳＇]/g;
const NO_PARTS: Readonly<Record<string, string>> = { ø: "o", ł: "l", đ: "d", œ: "o", æ: "a", ı: "i" };

/** As private.fold_text. */
export const foldText = (text: string) =>
  text
    // Alone it becomes a blank and an accent.
    .replaceAll("´", "")
    .normalize("NFKD")
    .replace(DROPPED, "")
    .toLowerCase()
    .replace(/[‐‑‒–—―−]/g, "-")
    .replace(/[øłđœæı]/g, (letter) => NO_PARTS[letter] as string);

const TWO_LETTERS = /^[a-z]{2}$/;
/** As private.county_state, for a folded text. */
function stateAfter(text: string): string | null {
  const comma = text.lastIndexOf(",");
  if (comma !== -1) {
    const behind = text.slice(comma + 1);
    return /^[a-z. ]{2,24}$/.test(behind) ? parseStateName(behind) : null;
  }
  const kind = / (?:county|parish|borough|co\.?) ([a-z. ]{2,24})$/.exec(text)?.[1];
  if (kind !== undefined) return parseStateName(kind);
  const last = text.slice(text.lastIndexOf(" ") + 1);
  return last.length < text.length && TWO_LETTERS.test(last) && last !== "co" ? parseStateName(last) : null;
}
const COUNTRY = /[, ]{1,9}(?:usa|u\.s\.a\.?|united states)$/;
const STATE_AFTER_KIND = / (county|parish|borough|co\.?) [a-z. ]{2,24}$/;
const STATE_AFTER = /,[^,]*$| [a-z]{2}$/;

const ODD_WORDS = new Set("saint sainte fort mount sta sto cnty cty manhattan brooklyn".split(" "));
const BOROUGHS: Readonly<Record<string, string>> = {
  manhattan: "newyork",
  brooklyn: "kings",
  statenisland: "richmond",
  thebronx: "bronx",
};
const KIND =
  / (?:city and borough|census area|planning region|county|parish|borough|municipality|municipio)$/;

/** As private.county_key without the word for its kind. */
export function countyKey(county: string): string {
  if (/^[A-Za-z]{3,}$/.test(county) && !ODD_WORDS.has(county.toLowerCase())) return county.toLowerCase();
  let words = foldText(county).replace(/\([^()]*\)/g, " ");
  const own = words.trim().replace(COUNTRY, "");
  if (stateAfter(own) !== null)
    words = STATE_AFTER_KIND.test(own) ? own.replace(STATE_AFTER_KIND, " $1") : own.replace(STATE_AFTER, "");
  words = words
    .replaceAll("&", " and ")
    .replace(/[^a-z0-9]+/g, " ")
    .trim();
  words = words
    .replace(/^[0-9]{3,5} (?=[a-z])/, "")
    .replace(/ (?:cad|(?:central )?appraisal district|assessor|tax office)$/, "")
    .replace(/\bsaint\b/g, "st")
    .replace(/\bsainte\b/g, "ste")
    .replace(/\bfort\b/g, "ft")
    .replace(/\bmount\b/g, "mt")
    .replace(/\bst([ao])\b/g, "sant$1")
    .replace(/\bcnty\b|\bcty\b|\bco$/g, "county")
    .replace(/^city of (.+)$/, "$1 city")
    .replace(/^co of (.+)$/, "$1 county")
    .replace(/^(county|parish|borough|municipality|municipio) (?:of|de) (.+)$/, "$2 $1")
    .replace(/^condado (?:de )?(.+)$/, "$1 county");
  if (words.search(KIND) > 0) words = words.replace(KIND, "");
  const key = words.replaceAll(" ", "");
  return Object.hasOwn(BOROUGHS, key) ? (BOROUGHS[key] as string) : key;
}

const MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec|ene|abr|ago|dic)";
const DAMAGED = [
  /^\d(?:[.,]\d+)?e\+\d{2,3}$|^#{2,}$|^#[^0-9 ]{3,14}[?!]$/i,
  new RegExp(`^\\d{1,2}[-/]${MONTH}(?:[-/](?:\\d{2}|\\d{4}))?$|^${MONTH}[-/](?:\\d{2}|\\d{4})$`, "i"),
];

/** As private.apn_key. */
export function apnKey(apn: string): string | null {
  if (DAMAGED.some((pattern) => pattern.test(apn))) return null;
  const key = apn.toUpperCase().replace(/[^A-Z0-9]+/g, "");
  if (key === "") return apn.trim().toLowerCase();
  return key.replace(/^0+/, "") || "0";
}

const textOf = (value: unknown) => (typeof value === "string" ? value : null);

/** What parcels are compared by, so that each is folded once. */
export interface ParcelIdentity {
  state: string | null;
  county: string | null;
  /** By its number, its address or its values: parcels with different ones are different. */
  own: string;
}

export function identifyParcel(parcel: ParcelValues): ParcelIdentity {
  const state = textOf(parcel.state);
  const given = textOf(parcel.county);
  const county = given === null ? null : countyKey(given);
  const apn = textOf(parcel.apn);
  const key = apn === null ? null : apnKey(apn);
  if (key !== null) return { state, county, own: `apn ${key}` };
  const situs = foldText(textOf(parcel.situs) ?? "").replace(/[^a-z0-9]+/g, "");
  if (situs !== "") return { state, county, own: `situs ${situs}` };
  const { property_type, acreage = null, estimated_value = null } = parcel;
  const values = [county, state, apn?.toLowerCase() ?? null, textOf(property_type)?.toLowerCase() ?? null];
  return { state, county, own: JSON.stringify([...values, acreage, estimated_value]) };
}

/** A county or state that one of them lacks is no difference: both have one owner. */
export function isSameParcel(one: ParcelIdentity, other: ParcelIdentity): boolean {
  const agree = (a: string | null, b: string | null) => a === null || b === null || a === b;
  return one.own === other.own && agree(one.state, other.state) && agree(one.county, other.county);
}
