// Reads the cells of an import that are not plain text: amounts, zip codes, yes and no, languages, tags, names.
import { LEAD_SCORES, LEAD_STATUSES } from "../leads/lead-values.ts";
import { MAX_TAGS_OF_CELL } from "./limits.ts";

const fold = (text: string) =>
  text
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, " ")
    .trim();

/** "$120,000.50", "12.5 acres", "1.234,5" → a number of at least 0, null where it is none. */
export function parseAmount(text: string): number | null {
  const bare = text.replace(/(?:usd|us\$|acres?|ac\.?|\$|\s)/gi, "");
  if (!/^\d[\d.,]*$/.test(bare)) return null;
  const decimal = /[.,](\d{1,2}|\d{4,})$/.exec(bare);
  const isCommaDecimal = decimal !== null && bare[decimal.index] === "," && !/,.*,/.test(bare);
  const plain = isCommaDecimal ? bare.replaceAll(".", "").replace(",", ".") : bare.replaceAll(",", "");
  const value = Number(plain);
  return Number.isFinite(value) ? value : null;
}

/** Spreadsheets drop leading zeros and add ".0": 2134 is 02134, 787015555 is 78701-5555. Others stay as they are. */
export function parseZip(text: string): string {
  const digits = text.trim().replace(/\.0+$/, "").replace(/[\s-]/g, "");
  if (!/^\d{3,9}$/.test(digits)) return text.trim();
  if (digits.length <= 5) return digits.padStart(5, "0");
  const whole = digits.padStart(9, "0");
  return `${whole.slice(0, 5)}-${whole.slice(5)}`;
}

const LANGUAGE: Record<string, "es" | "en"> = {
  es: "es",
  esp: "es",
  spa: "es",
  spanish: "es",
  espanol: "es",
  castellano: "es",
  en: "en",
  eng: "en",
  english: "en",
  ingles: "en",
};

export function parseLanguage(text: string): "es" | "en" | null {
  return LANGUAGE[fold(text)] ?? null;
}

const CONSENT: Record<string, "granted" | "denied"> = Object.fromEntries([
  ..."yes|y|true|1|granted|opt in|opted in|optin|subscribed|consented|si|acepto|otorgado"
    .split("|")
    .map((word) => [word, "granted"]),
  ..."no|n|false|0|denied|revoked|opt out|opted out|optout|unsubscribed|do not contact|dnc|rechazado|negado"
    .split("|")
    .map((word) => [word, "denied"]),
]);

export function parseConsent(text: string): "granted" | "denied" | "unknown" | null {
  const word = fold(text);
  return word === "unknown" ? "unknown" : (CONSENT[word] ?? null);
}

const NOT_LISTED = new Set(
  "no|n|false|f|0|clean|clear|ok|okay|safe|callable|not listed|not on list|not dnc|no dnc|not on dnc|none|granted|permitido".split(
    "|",
  ),
);

/** Whether a phone must not be called. Whatever is not a clear no is a yes: lists write "Federal", "FTC", a date. */
export function parseDnc(text: string): boolean {
  const word = fold(text);
  return word !== "" && !NOT_LISTED.has(word);
}

export function parseStatus(text: string): string | null {
  const word = fold(text).replaceAll(" ", "_");
  return (LEAD_STATUSES as readonly string[]).includes(word) ? word : null;
}

export function parseScore(text: string): string | null {
  const word = fold(text);
  return (LEAD_SCORES as readonly string[]).includes(word) ? word : null;
}

/** "vip, texas land" → VIP and TEXAS-LAND: what a tag may not hold becomes a hyphen. Null for more tags than a cell may hold. */
export function parseTags(text: string): string[] | null {
  const pieces = text.split(/[,;|]/, MAX_TAGS_OF_CELL + 1);
  if (pieces.length > MAX_TAGS_OF_CELL) return null;
  return pieces
    .map((tag) =>
      tag
        .normalize("NFD")
        .replace(/\p{M}/gu, "")
        .toUpperCase()
        .replace(/[^A-Z0-9+]+/g, "-")
        .replace(/^-|-$/g, "")
        .slice(0, 50),
    )
    .filter((tag) => tag !== "");
}

/** Companies and trusts have no first name. */
const COMPANY =
  /\b(?:llc|l\.l\.c|inc|corp|company|co|ltd|lp|llp|trust|trustee|estate|bank|church|city of|county of|partners|partnership|holdings|properties|investments|group|association|foundation)\b\.?/i;

const LONE_ENDS = [
  " &",
  " and",
  " et al",
  " et al.",
  " et ux",
  " et ux.",
  " etux",
  " etux.",
  " etal",
  "&",
  ",",
];
const LONGEST_END = 7;

/** Counties cut the second owner off: "GARCIA MARIA &". Word by word from the end: a pattern would search from every space. */
function dropLoneEnd(name: string): string {
  let rest = name;
  for (;;) {
    const tail = rest.slice(-LONGEST_END).toLowerCase();
    const end = LONE_ENDS.find((one) => tail.endsWith(one));
    if (end === undefined) return rest;
    rest = rest.slice(0, -end.length);
  }
}

/** "Garcia, Maria" and "Maria Garcia" → first and last name; a company is a last name. */
export function splitName(text: string): { first: string | null; last: string | null } {
  const name = dropLoneEnd(text.replace(/\s+/g, " ").trimEnd()).trim();
  if (COMPANY.test(name)) return { first: null, last: name };
  const comma = name.indexOf(",");
  const behind = name.slice(comma + 1).trimStart();
  if (comma > 0 && behind !== "") return { first: behind, last: name.slice(0, comma) };
  const space = name.lastIndexOf(" ");
  if (space === -1) return { first: name, last: null };
  return { first: name.slice(0, space), last: name.slice(space + 1) };
}

export function parseLineType(text: string): "mobile" | "landline" | "voip" | "toll_free" | "other" | null {
  const word = fold(text);
  if (word === "") return null;
  if (/mobile|cell|wireless|movil|celular/.test(word)) return "mobile";
  if (/voip/.test(word)) return "voip";
  if (/toll/.test(word)) return "toll_free";
  if (/land ?line|fixed|residential|fijo|home|wire ?line|business/.test(word)) return "landline";
  return "other";
}
