// Twilio's default keywords, and what a person means by a text.
import type { Intent } from "../state/record.ts";

/**
 * Source: Twilio's "Advanced Opt-Out" page, default handling: the whole message, case-insensitive. The page also names REVOKE, but
 * not every account acts on it, so nobody may rely on that.
 */
const STOP = new Set(["STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "OPTOUT", "CANCEL"]);
const START = new Set(["START", "YES", "UNSTOP"]);
const HELP = new Set(["HELP", "INFO"]);

/** The carrier keeps toll-free opt-outs, and only these words undo them. */
const TOLL_FREE_START = new Set(["START", "UNSTOP"]);
const TOLL_FREE = /^\+1(800|833|844|855|866|877|888)/;

/** The default keyword that a text is, for the number it was sent to; null for anything else. */
export function readDefaultKeyword(body: string, phoneNumber: string): "stop" | "start" | "help" | null {
  const word = body.trim().toUpperCase();
  if (STOP.has(word)) return "stop";
  if ((TOLL_FREE.test(phoneNumber) ? TOLL_FREE_START : START).has(word)) return "start";
  return HELP.has(word) ? "help" : null;
}

const MEANS_STOP = new Set(
  [
    ...STOP,
    "REVOKE",
    "ALTO",
    "PARAR",
    "PARE",
    "BAJA",
    "CANCELAR",
    "CANCELA",
    "DETENER",
    "DETENGA",
    "BASTA",
    "SALIR",
    "NO MAS",
  ].concat([
    "STOP ALL",
    "OPT OUT",
    "REMOVE",
    "REMOVE ME",
    "DAR DE BAJA",
    "DARME DE BAJA",
    "STOP TEXTING",
    "STOP TEXTING ME",
    "NO ME ESCRIBA MAS",
    "NO ME ESCRIBAN MAS",
    "TAKE ME OFF YOUR LIST",
  ]),
);
const FIRST_WORD_STOP = new Set(["STOP", "STOPALL", "UNSUBSCRIBE", "ALTO"]);

/**
 * What a person means by a text, as any reasonable reader would take it (47 CFR 64.1200(a)(10)), not by Twilio's exact
 * match: "Stop. Thank you" and "ALTO" are opt-outs.
 */
export function inferIntent(body: string): Intent {
  const text = body
    .normalize("NFD")
    .replace(/[\u0300-\u036f]/g, "")
    .toUpperCase()
    .replace(/[^A-Z0-9 ]+/g, " ")
    .replace(/ +/g, " ")
    .trim();
  if (MEANS_STOP.has(text) || FIRST_WORD_STOP.has(text.split(" ")[0] ?? "")) return "stop";
  if (START.has(text) || text === "ALTA") return "start";
  if (HELP.has(text) || text === "AYUDA") return "help";
  if (text.includes("WRONG NUMBER") || text.includes("NUMERO EQUIVOCADO")) return "wrong_number";
  return "other";
}
