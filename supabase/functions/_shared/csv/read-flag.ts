// Reads a cell that says something about a phone: that it must not be written to, is not the person's, is out of service, or of
// what kind its line is.
import {
  ABOUT_MAIL,
  ABOUT_PHONE,
  ALONE,
  ALONE_OF_PHONE,
  ANYWHERE,
  DENIALS_AFTER,
  DENIALS_BEFORE,
  FILLERS,
  type Meaning,
} from "./flag-words.ts";
import { isPlaceholder } from "./is-placeholder.ts";
import { fold } from "./parse-cell.ts";

/** What a cell says of a phone; an empty object if it says nothing. */
export interface Sign {
  consent?: "denied" | "granted";
  invalid?: "wrong_number" | "inactive" | "reassigned";
  lineType?: "mobile" | "landline" | "voip";
  /** Whether the cell was understood, even if it says nothing: "No" in a column of opt-outs. */
  isPlain?: boolean;
}

/**
 * How a column's cells are read. listed: whatever is not a clear no denies. consent: a no denies, a yes grants. subscribed: a no
 * denies, a yes says nothing. phone, lead: by the words in the cell, about the phone or about the person; note: the same of the person, but only of short
 * texts. active: a no means that
 * the phone is out of service. inactive, wrong_number, reassigned: whatever is not a clear no means it.
 */
export type FlagKind =
  | "listed"
  | "consent"
  | "subscribed"
  | "phone"
  | "lead"
  | "note"
  | "active"
  | "inactive"
  | "wrong_number"
  | "reassigned";

/** A longer note may speak of others, or of what is past. */
const MAX_NOTE_CHARS = 40;
const NOTHING: Sign = {};
const PLAIN: Sign = { isPlain: true };
/** Longer cells are read so far: they are notes. */
const MAX_CHARS = 500;

const setOf = (words: string) => new Set(words.split("|"));
const YES = setOf("yes|y|true|t|1|x|si|s|verdadero|on");
const NO = setOf("no|n|false|f|0|off|falso|none|ninguno|ninguna");
/** In a column that says who must not be written to. */
const NOT_LISTED = setOf(
  "clean|clear|cleared|ok|okay|okay to call|ok to call|ok to text|safe|safe to call|safe to text|good|inactive|disabled|allowed|allow|permitted|callable|textable|can call|can text|opted in|opt in|optin|subscribed|consented|granted|passed|pass|free|unlisted|eligible|permitido|permitida|limpio|limpia|libre|apto|suscrito|suscrita|inactivo|desactivado|apagado|pending|unscrubbed|unchecked|error|tbd|pendiente|not available",
);
const NEGATION = /^(?:not|non|no|never|sin|isn t|is not|ningun|ninguna|nunca)\b/;
/** After a negation, one of these makes the answer a clear no: "not on list", "Non-DNC", "no match", "not scrubbed". */
const LIST_WORDS =
  /\b(?:dnc|lists?|listed|found|registered|registry|match|matches|matched|hits?|records?|results?|flags?|flagged|litigators?|litigation|scrubbed|checked|run|tested|verified|data|opted out|opt out|optout|unsubscribed|suppressed|blocked|blacklisted|restricted|restrictions?|dnd|reassigned|disconnected|registrado|registrada|encontrado|encontrada|incluido|lista|coincidencias?|resultados?|bloqueado|bloqueada|revisado|datos|reasignado|dado de baja)\b/;
const CLEAR_FIRST = /^(?:clean|clear|safe|good|callable|textable|ok)\b/;
/** "DNC: No", "Federal N, State N": nothing but names of lists and noes. */
const NAMES_AND_NOES = setOf(
  "national|federal|state|ftc|fcc|dma|internal|wireless|dnc|tcpa|list|listed|registry|litigator|flag|status|is|on|opted|opt|out|blocked|no|n|false|clear|clean|f|0",
);
const isNoOfLists = (word: string) =>
  /\b(?:no|n|false|f|0|clear|clean)$/.test(word) && word.split(" ").every((one) => NAMES_AND_NOES.has(one));

const GRANTED = setOf(
  "granted|opt in|opted in|optin|optedin|consented|consent given|consent granted|agreed|accepted|express|express written|written|acepto|acepta|aceptado|otorgado|otorgada|autorizado|autoriza|autorizo|concedido|permitido",
);
const SUBSCRIBED = setOf("subscribed|active|confirmed|suscrito|suscrita|activo|activa|allowed|enabled");
const NOT_SUBSCRIBED = setOf(
  "denied|revoked|opt out|opted out|optout|optedout|unsubscribed|cancelled|canceled|withdrawn|withdrew|refused|rejected|declined|inactive|disabled|non subscribed|never|cancelado|cancelada|retirado|inactivo|inactiva|rechazado|negado|rejected|cleaned|bounced",
);
const CONSENT_WORDS =
  /\b(?:subscribed|subscriber|subscription|opted in|opt in|consent\w*|permission|permitted|allowed|authori[sz]ed|agreed|accepted|given|granted|suscrit[oa]|acept[oa]|aceptado|autoriz\w*|permiso|consiente|otorgado)\b/;
const INACTIVE = setOf("disconnected|dead|bad|invalid|inactive|not active|desconectado|inactivo|invalido");

/** The dates that programs write for none. */
const ZERO_DATE =
  /^(?:0000-00-00|1900-01-0[01]|1899-12-3[01]|1970-01-01|0001-01-01|0?1\/0?[01]\/(?:1900|1970|0001)|12\/3[01]\/1899)(?:[ t].{0,30})?$/i;

/** One sign for each text of each kind: files repeat the same few words. */
const known = new Map<string, Sign>();
const MOST_KNOWN = 5000;

/** @param cell as in the file */
export function readFlag(kind: FlagKind, cell: string): Sign {
  if (cell === "") return NOTHING;
  const text = cell.length > MAX_CHARS ? cell.slice(0, MAX_CHARS) : cell;
  const key = `${kind} ${text}`;
  const found = known.get(key);
  if (found) return found;
  const sign = read(kind, text.trim());
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(key, sign);
  return sign;
}

function read(kind: FlagKind, text: string): Sign {
  if (text === "" || isPlaceholder(text, "primary_phone") || ZERO_DATE.test(text)) return PLAIN;
  // Spreadsheets write 0 and 1 as 0.0 and 1.0.
  const word = fold(text.replace(/^([01])[.,]0+$/, "$1"));
  if (word === "" || word === "unknown") return PLAIN;
  switch (kind) {
    case "listed":
      return isClearNo(word) ? PLAIN : { consent: "denied" };
    case "inactive":
    case "wrong_number":
    case "reassigned":
      return isClearNo(word) ? PLAIN : { invalid: kind };
    case "consent":
    case "subscribed":
      return readConsent(kind, word, text);
    case "active":
      if (YES.has(word)) return PLAIN;
      return NO.has(word) || INACTIVE.has(word) ? { invalid: "inactive" } : readWords(text, true);
    case "note":
      return text.length <= MAX_NOTE_CHARS ? readWords(text, false) : NOTHING;
    default:
      return YES.has(word) || NO.has(word) ? NOTHING : readWords(text, kind === "phone");
  }
}

function isClearNo(word: string): boolean {
  return (
    NO.has(word) ||
    NOT_LISTED.has(word) ||
    (NEGATION.test(word) && LIST_WORDS.test(word)) ||
    CLEAR_FIRST.test(word) ||
    isNoOfLists(word)
  );
}

function readConsent(kind: "consent" | "subscribed", word: string, text: string): Sign {
  if (YES.has(word)) return kind === "consent" ? { consent: "granted" } : PLAIN;
  if (NO.has(word) || NOT_SUBSCRIBED.has(word)) return { consent: "denied" };
  if (GRANTED.has(word)) return { consent: "granted" };
  if (SUBSCRIBED.has(word)) return PLAIN;
  if (NEGATION.test(word) && CONSENT_WORDS.test(word)) return { consent: "denied" };
  return readWords(text, true);
}

/** What the words of a text say of a phone, or of a person and so of all their phones. Texts with other words say nothing. */
export function readWords(text: string, isOfPhone: boolean): Sign {
  const sign: Sign = {};
  for (const piece of text.split(/[;,|/\n\r()[\]]+/)) {
    const word = fold(piece);
    if (word === "") continue;
    const meaning = meaningOf(word, isOfPhone);
    if (meaning !== null) add(sign, meaning, isOfPhone);
  }
  return sign;
}

function add(sign: Sign, meaning: Meaning, isOfPhone: boolean): void {
  if (meaning === "denied") sign.consent = "denied";
  else if (meaning === "wrong_number" || meaning === "inactive" || meaning === "reassigned")
    sign.invalid ??= meaning;
  // The kind of a line is said of one phone, not of a person.
  else if (isOfPhone) sign.lineType ??= meaning;
}

/** "Do not txt", "no msgs", "dnt text": short forms, which are spelled out before the words are looked up. */
const SHORT_FORMS: readonly (readonly [RegExp, string])[] = [
  [/\btxt(?=s?\b|ing\b|ed\b)/g, "text"],
  [/\bmsg(?=s?\b|ing\b|ed\b)/g, "message"],
  [/\bmsjs?\b/g, "mensajes"],
  [/\bdnt (?=\w)/g, "dont "],
];
const spellOut = (word: string) =>
  SHORT_FORMS.reduce((text, [short, long]) => text.replace(short, long), word);

function meaningOf(given: string, isOfPhone: boolean): Meaning | null {
  const word = spellOut(given);
  const alone = (text: string) => ALONE.get(text) ?? (isOfPhone ? ALONE_OF_PHONE.get(text) : undefined);
  const whole = alone(word);
  // "Fax" alone is said of the line, and "no fax" of what is sent.
  if (whole) return whole;
  if (ABOUT_MAIL.test(word) && !ABOUT_PHONE.test(word)) return null;
  const padded = ` ${word} `;
  for (const { meaning, text } of ANYWHERE) {
    const at = padded.indexOf(` ${text} `);
    if (at === -1) continue;
    if (DENIALS_BEFORE.test(padded.slice(0, at)) || DENIALS_AFTER.test(padded.slice(at + text.length + 1)))
      return null;
    return meaning;
  }
  const bare = word.split(" ").filter((one) => !FILLERS.has(one) && !/^\d+$/.test(one));
  return alone(bare.join(" ")) ?? null;
}
