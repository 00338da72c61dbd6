// Reads the cells of an import that are not plain text: amounts, zip codes, yes and no, languages, tags, names.
import { LEAD_SCORES, LEAD_STATUSES } from "../leads/lead-values.ts";
import { MAX_TAGS_OF_CELL } from "./limits.ts";
import { readScientific } from "./spreadsheet-damage.ts";

export const fold = (text: string) =>
  text
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, " ")
    .trim();

/**
 * Spreadsheets drop leading zeros and add ".0": 2134 is 02134, 787015555 is 78701-5555. Other texts stay unchanged, but null for
 * a number that is no ZIP code.
 */
export function parseZip(text: string): string | null {
  const plain = text
    .trim()
    .replace(/\.0+$/, "")
    .replace(/^(\d{1,2}),(\d{3})$/, "$1$2")
    .replace(/(?<=^\d{5})-$/, "");
  const digits = (readScientific(plain) ?? plain).replace(/[\s-]/g, "");
  if (!/^\d+$/.test(digits)) return text.trim();
  if (digits.length >= 3 && digits.length <= 5) return digits.padStart(5, "0");
  const whole = digits.padStart(9, "0");
  // The lowest ZIP code is 00501: six digits are too few for nine, whatever zeros were dropped.
  if (digits.length < 7 || digits.length > 9 || whole < "005") return null;
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

export function parseStatus(text: string): string | null {
  const word = fold(text).replaceAll(" ", "_");
  return (LEAD_STATUSES as readonly string[]).includes(word) ? word : null;
}

export function parseScore(text: string): string | null {
  const word = fold(text);
  return (LEAD_SCORES as readonly string[]).includes(word) ? word : null;
}

/** "vip, texas land" → VIP and TEXAS-LAND: characters not allowed in tags become a hyphen. Null for too many tags in a cell. */
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

const PLACE_OF_PHONE =
  /^(?:(?:home|work|business|office|main|personal|primary|secondary|casa|trabajo|oficina|principal|hogar|unknown|voice|phone|telefono|number)(?: |$))+$/;

export function parseLineType(text: string): "mobile" | "landline" | "voip" | "toll_free" | "other" | null {
  const word = fold(text);
  if (word === "") return null;
  if (/mobile|cell|wireless|movil|celular/.test(word)) return "mobile";
  if (/voip/.test(word)) return "voip";
  if (/toll/.test(word)) return "toll_free";
  if (/land ?line|fixed|residential|fijo|wire ?line/.test(word)) return "landline";
  // Where the phone is says nothing of its line: many keep a cell number under Home.
  if (PLACE_OF_PHONE.test(word)) return null;
  return "other";
}
