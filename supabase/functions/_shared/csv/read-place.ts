// Reads where people live from one text: "LOS ANGELES, CA 90001", or a whole address that ends like this.
import { isForeignState, parseCountryName } from "../leads/countries.ts";
import { parseStateName } from "../leads/us-states.ts";
import { stateOfZip } from "../leads/zip-states.ts";
import { parseZip } from "./parse-cell.ts";

export interface Place {
  /** Only of a whole address. */
  street?: string;
  city?: string;
  state?: string;
  postal_code?: string;
  /** The name of another country. The rest is then not read. */
  country?: string;
}

/** Longer texts are no address. */
const MAX_CHARS = 300;
/** "North Carolina", "District of Columbia": the words of a state's name. */
const MOST_WORDS = 4;

const ZIP_AT_END = /(?:^|[\s,])(\d{5}[ -]\d{4}|\d{3,9})(?:\.0+)?$/;
/** Whether a text is a postal code of Canada, which no ZIP code can be. */
export const isCanadianCode = (text: string): boolean => /^[A-Z]\d[A-Z][ -]?\d[A-Z]\d$/i.test(text);
const CANADIAN_CODE_AT_END = /(?:^|[\s,])[A-Z]\d[A-Z][ -]?\d[A-Z]\d$/i;
/** Codes that also end a street: Court, Northeast, Lane (LA is also an article), Company. */
const STREET_ENDS = new Set(["CT", "NE", "LA", "AL", "CO", "DE", "PR", "IN", "OR", "ME", "HI", "OK", "MS"]);

const trimEnd = (text: string) => text.replace(/(?<![\s,;.])[\s,;.]+$/, "");

interface Tail {
  rest: string;
  zip?: string;
  state?: string;
  country?: string;
  /** Whether a comma, or a ZIP code after it, marks the state. */
  isMarked: boolean;
}

/** The country, ZIP code and state at the end of a text, and what is before them. */
function readTail(given: string): Tail {
  let rest = trimEnd(
    given
      .replace(/\bUSA?-(?=[A-Z]{2}\b)/g, "")
      .replace(/[;|/]/g, ",")
      .replace(/\s+/g, " ")
      .trim(),
  );
  const country = countryAtEnd(rest);
  if (country !== null) {
    if (country.name !== "us") return { rest, country: country.name, isMarked: false };
    rest = country.rest;
  }
  if (CANADIAN_CODE_AT_END.test(rest)) return { rest, country: "Canada", isMarked: false };
  const zip = ZIP_AT_END.exec(rest);
  const before = zip ? trimEnd(rest.slice(0, zip.index)) : rest;
  const state = stateAtEnd(before);
  // Without a state before them, four digits may be anything.
  if (zip && state === null && (zip[1] as string).length < 5) return { rest, isMarked: false };
  return {
    rest: state ? state.rest : before,
    ...(zip && { zip: parseZip(zip[1] as string) ?? undefined }),
    ...(state && { state: state.code }),
    isMarked: zip !== null || (state?.isAfterComma ?? false),
  };
}

/** The country may be the last part between commas, or the last words if it is the United States. */
function countryAtEnd(text: string): { name: string; rest: string } | null {
  const comma = text.lastIndexOf(",");
  if (comma !== -1) {
    const name = parseCountryName(text.slice(comma + 1));
    return name === null ? null : { name, rest: trimEnd(text.slice(0, comma)) };
  }
  const words = /\s(?:usa|u\.s\.a|united states(?: of america)?|estados unidos)$/i.exec(text);
  return words ? { name: "us", rest: trimEnd(text.slice(0, words.index)) } : null;
}

/** The longest name wins: "Charleston West Virginia" is not in Virginia. */
function stateAtEnd(text: string): { code: string; rest: string; isAfterComma: boolean } | null {
  const starts: number[] = [];
  for (let at = text.length; at > 0 && starts.length < MOST_WORDS; ) {
    at = Math.max(text.lastIndexOf(" ", at - 1), text.lastIndexOf(",", at - 1));
    starts.unshift(at + 1);
    if (at === -1) break;
  }
  for (const start of starts) {
    const word = text.slice(start);
    if (/[\d,]/.test(word)) continue;
    const code = parseStateName(word);
    if (code === null) continue;
    const rest = trimEnd(text.slice(0, start));
    // "Washington, DC": the city is a part of the name.
    const city = /^washington\b/i.test(word) && code === "DC" ? `${rest} Washington`.trim() : rest;
    return { code, rest: city, isAfterComma: /,\s*$/.test(text.slice(0, start)) };
  }
  return null;
}

/** The state as written; if it is the end of a street, or none is written, that of the ZIP code. */
function decideState({ rest, zip, state }: Tail): string | undefined {
  const byZip = zip === undefined ? null : stateOfZip(zip);
  if (state !== undefined) return byZip !== null && byZip !== state && STREET_ENDS.has(state) ? byZip : state;
  // "Guadalajara, Jalisco 44100": what is after the comma is a state, but none of ours.
  const words = rest.split(" ");
  const isAbroad = [1, 2, 3].some((count) => isForeignState(words.slice(-count).join(" ")));
  return byZip !== null && !rest.includes(",") && !isAbroad ? byZip : undefined;
}

/** Reads "city, state ZIP", or parts of it. Null if neither a state nor a ZIP code is in it. */
export function readCityStateZip(text: string): Place | null {
  if (text.length > MAX_CHARS) return null;
  const tail = readTail(text);
  if (tail.country !== undefined) return { country: tail.country };
  const state = decideState(tail);
  if (state === undefined) return null;
  return {
    state,
    ...(tail.rest !== "" && { city: tail.rest }),
    ...(tail.zip !== undefined && { postal_code: tail.zip }),
  };
}

/** Reads the end of a whole address: "123 Main St, Los Angeles, CA 90001". Null if it does not end with a state. */
export function readFullAddress(text: string): Place | null {
  // Most cells are streets: only these can end with a state or a country.
  if (text.length > MAX_CHARS || !/[a-z]/i.test(text)) return null;
  const tail = readTail(text);
  const parts = tail.rest.split(",");
  if (tail.country !== undefined) return parts.length > 2 ? { country: tail.country } : null;
  if (tail.state === undefined) return null;
  const hasCity = parts.length > 1 && !/\d/.test(parts.at(-1) as string);
  const isCertain = tail.zip !== undefined || (hasCity && (tail.isMarked || !STREET_ENDS.has(tail.state)));
  const state = decideState(tail);
  if (!isCertain || state === undefined) return null;
  const isWhole = hasCity && state === tail.state;
  return {
    state,
    ...(tail.zip !== undefined && { postal_code: tail.zip }),
    ...(isWhole && { street: parts.slice(0, -1).join(",").trim(), city: (parts.at(-1) as string).trim() }),
  };
}
