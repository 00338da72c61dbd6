// The words that, standing alone, stop, start or ask for help, in English and Spanish.
import type { Language } from "./variables.ts";

export interface Keyword {
  kind: "stop" | "help" | "start";
  language: Language;
}

const LISTS: [Keyword["kind"], Language, string][] = [
  // 47 CFR 64.1200(a)(10) names stop, quit, end, revoke, opt out, cancel and unsubscribe; the rest is Twilio's own set
  // and what English speakers send.
  ["stop", "en", "STOP|STOPALL|STOP ALL|UNSUBSCRIBE|CANCEL|END|QUIT|REVOKE|OPTOUT|OPT OUT|REMOVE"],
  // No official Spanish list exists; these are the words Spanish opt-out lines teach and people answer with.
  [
    "stop",
    "es",
    "ALTO|PARAR|PARE|PAREN|PARA|BAJA|DAR DE BAJA|DARME DE BAJA|DARSE DE BAJA|CANCELAR|CANCELA|CANCELE|DETENER|DETENGA|" +
      "DETENGAN|TERMINAR|FIN|SALIR|ELIMINAR|REMOVER|BORRAR|QUITAR|NO MAS|BASTA|YA BASTA|NO ENVIAR",
  ],
  ["help", "en", "HELP|INFO"],
  ["help", "es", "AYUDA"],
  // YES is Twilio's opt-in word but people answer offers with it, so it never re-subscribes here.
  ["start", "en", "START|UNSTOP|OPTIN|OPT IN|RESUBSCRIBE"],
  ["start", "es", "ALTA|INICIAR|COMENZAR|REANUDAR"],
];

/** Normalised text of each keyword → what it means. */
export const KEYWORDS: ReadonlyMap<string, Keyword> = new Map(
  LISTS.flatMap(([kind, language, words]) =>
    words.split("|").map((word): [string, Keyword] => [word, { kind, language }]),
  ),
);

/** Words Twilio's default opt-out handling answers by itself; only a message of that one word counts. */
export const TWILIO_KEYWORDS: ReadonlySet<string> = new Set(
  "STOP UNSUBSCRIBE END QUIT STOPALL REVOKE OPTOUT CANCEL START YES UNSTOP HELP INFO".split(" "),
);

/** Words that mean a wish to stop even with other words behind them ("STOP I don't want this"). */
export const STRONG_STOP: ReadonlySet<string> = new Set(
  "STOP|STOPALL|STOP ALL|UNSUBSCRIBE|OPTOUT|OPT OUT|REVOKE|ALTO|BASTA|YA BASTA|NO MAS|DAR DE BAJA|DARME DE BAJA".split(
    "|",
  ),
);

/** Those and the words that are as clear when a sentence holds nothing else ("Not interested. Cancel."). */
export const SENTENCE_STOP: ReadonlySet<string> = new Set([...STRONG_STOP, "REMOVE", "CANCEL", "QUIT"]);

/** Typing errors and short forms of stop words seen often; they stop, and a person looks at them. */
export const MISSPELT_STOP =
  /^(?:STO{1,}P{2,}|STO{2,}P+|STPO|SOTP|TSOP|STOPS|STIP|STOPED|ATLO|ALTOO+|AALTO|UNSUB|UNSUSCRIBE|UNSUBCRIBE|UNSUBSRIBE)$/;

/** Words of courtesy or impatience: around a keyword they change nothing. */
export const COURTESY: ReadonlySet<string> = new Set(
  (
    "PLEASE PLS PLZ PLEAS THANK THANKS THANKYOU THX TY U YOU VERY MUCH NOW ASAP IMMEDIATELY OK OKAY SIR MAAM MR MRS " +
    "GOODBYE BYE HELLO HI HEY GOOD MORNING AFTERNOON EVENING JUST SERIOUSLY ALREADY SORRY RIGHT AWAY GOD BLESS KINDLY " +
    "POR FAVOR PORFAVOR PORFA GRACIAS YA AHORA MISMO INMEDIATAMENTE SENOR SENORA SENORITA SR SRA HOLA BUENOS BUENAS " +
    "BUEN DIAS DIA TARDES NOCHES MUCHAS DIOS BENDIGA ADIOS DISCULPE PERDON"
  ).split(" "),
);
