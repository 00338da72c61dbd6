// Whether a state has a county, however it is written: "HARRIS CO", "St. Louis City", "Dona Ana", "La Salle Parish".
import { US_COUNTIES } from "./us-counties.generated.ts";

export interface County {
  /** Five digits. */
  fips: string;
  /** As it is kept and shown: "Harris", "St. Louis", "St. Louis city". */
  name: string;
  /** "Harris County", "Orleans Parish", "St. Louis city". */
  full_name: string;
  /** False for those that are no more; deeds go on naming them. */
  is_current: boolean;
}

interface Entry extends County {
  key: string;
  fullKey: string;
  isCity: boolean;
}

const kept = new Map<string, Entry[]>();

/**
 * private.find_county is the same in the database, held against this by a test.
 * @param state two letters
 * @returns the county; of a county and a city of one name the county, unless "city" is said; null where the state has none such
 */
export function normaliseCounty(state: string, text: string): County | null {
  const entries = entriesOf(state);
  const whole = countyKey(text, false);
  const base = countyKey(text, true);
  const found =
    entries.find(({ fullKey }) => fullKey === whole) ??
    entries.find(({ key, isCity }) => key === base && !isCity) ??
    entries.find(({ key }) => key === base);
  return found ? toCounty(found) : null;
}

/** The counties of a state whose names are nearest to a text, nearest first: what somebody may have meant. */
export function suggestCounties(state: string, text: string, limit = 3): County[] {
  const wanted = countyKey(text, true);
  if (wanted === "") return [];
  return entriesOf(state)
    .filter(({ is_current }) => is_current)
    .map((entry) => ({ entry, far: distance(wanted, entry.key) }))
    .filter(({ far }) => far <= Math.max(3, wanted.length / 2))
    .sort((a, b) => a.far - b.far || a.entry.name.localeCompare(b.entry.name))
    .slice(0, limit)
    .map(({ entry }) => toCounty(entry));
}

function toCounty({ fips, name, full_name, is_current }: Entry): County {
  return { fips, name, full_name, is_current };
}

function entriesOf(state: string): Entry[] {
  let entries = kept.get(state);
  if (!entries) {
    const text = Object.hasOwn(US_COUNTIES, state) ? (US_COUNTIES[state] as string) : "";
    entries = text === "" ? [] : text.split("|").map(readEntry);
    kept.set(state, entries);
  }
  return entries;
}

function readEntry(text: string): Entry {
  const [fips = "", bare = "", kind = "", former] = text.split(":");
  const full_name = kind === "" ? bare : `${bare} ${kind}`;
  const isCity = kind === "city";
  return {
    fips,
    name: isCity ? full_name : bare,
    full_name,
    is_current: former === undefined,
    isCity,
    key: countyKey(bare, false),
    fullKey: countyKey(full_name, false),
  };
}

/** What a county's name is compared by: no accents, spaces or points, one spelling of Saint; without the word for its kind. */
export function countyKey(text: string, withoutKind: boolean): string {
  const words = text
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/['’`ʻ]/g, "")
    .replace(/[^a-z0-9]+/g, " ")
    .trim()
    .replace(/\bsaint\b/g, "st")
    .replace(/\bsainte\b/g, "ste")
    .replace(/\bcnty\b|\bcty\b|\bco$/g, "county")
    .replace(/^city of (.+)$/, "$1 city")
    .replace(/^(county|parish|borough|municipality|municipio) of (.+)$/, "$2 $1");
  const bare = withoutKind ? words.replace(KIND, "$1") : words;
  return bare.replaceAll(" ", "");
}

const KIND =
  /^(.+?) (?:city and borough|census area|planning region|county|parish|borough|municipality|municipio)$/;

/** Levenshtein's, over names of a few letters. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next[j] = Math.min(swap, (row[j] as number) + 1, (next[j - 1] as number) + 1);
    }
    row = next;
  }
  return row[b.length] as number;
}
