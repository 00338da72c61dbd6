// The words that, as a whole message or beside courtesy, stop, start or ask for help, in English and Spanish.
import type { Language } from "../../sms/variables.ts";

export interface Keyword {
  kind: "stop" | "help" | "start";
  language: Language;
}

const LISTS: [Keyword["kind"], Language, string][] = [
  // 47 CFR 64.1200(a)(10) names stop, quit, end, revoke, opt out, cancel and unsubscribe; the rest is Twilio's own set
  // and what English speakers send.
  [
    "stop",
    "en",
    "STOP|STOPALL|STOP ALL|UNSUBSCRIBE|CANCEL|END|QUIT|REVOKE|OPTOUT|OPT OUT|REMOVE|EXIT|UNSUB|ARRET|" +
      "STOP2END|HALT",
  ],
  // No official Spanish list exists. These are the words that Spanish opt-out lines teach, and with which people answer.
  [
    "stop",
    "es",
    "ALTO|PARAR|PARE|PAREN|PARA|BAJA|DE BAJA|DAR DE BAJA|DARME DE BAJA|DARSE DE BAJA|DAME DE BAJA|CANCELAR|" +
      "CANCELA|CANCELE|CANCELEN|" +
      "DETENER|DETENGA|DETENGAN|DETENTE|DETENGASE|DETENGANSE|DETENERSE|TERMINAR|TERMINE|TERMINEN|FIN|" +
      "SALIR|ELIMINAR|ELIMINARME|" +
      "REMOVER|BORRAR|BORRARME|BORRAME|QUITAR|QUITARME|NO MAS|YA NO MAS|BASTA|YA BASTA|NO ENVIAR|" +
      "PARENLE|PARELE|PARALE|" +
      "CANCELAME|CANCELARME|SUSPENDER|DESUSCRIBIR|DESUSCRIBIRME|ANULAR",
  ],
  ["help", "en", "HELP|INFO|HELP ME|NEED HELP"],
  ["help", "es", "AYUDA|AYUDEME|AYUDAME"],
  // YES is Twilio's opt-in word but people answer offers with it, so it never re-subscribes here.
  ["start", "en", "START|UNSTOP|OPTIN|OPT IN|RESUBSCRIBE"],
  ["start", "es", "ALTA|INICIAR|COMENZAR|REANUDAR"],
];

/** Words of each keyword, with single spaces → what it means. */
export const KEYWORDS: ReadonlyMap<string, Keyword> = new Map(
  LISTS.flatMap(([kind, language, words]) =>
    words.split("|").map((word): [string, Keyword] => [word, { kind, language }]),
  ),
);

// REVOKE is left out: not every account acts on it, and a confirmation that Twilio refuses with 21610 does no harm.
/** Words that Twilio's default opt-out handling answers by itself. Only a message of exactly this word counts, in any case. */
export const TWILIO_KEYWORDS: ReadonlySet<string> = new Set(
  "STOP UNSUBSCRIBE END QUIT STOPALL OPTOUT CANCEL START YES UNSTOP HELP INFO".split(" "),
);

/** Words that mean a wish to stop even if other words follow ("STOP I don't want this"). */
export const STRONG_STOP: ReadonlySet<string> = new Set(
  (
    "STOP|STOPALL|STOP ALL|UNSUBSCRIBE|OPTOUT|OPT OUT|REVOKE|ALTO|BASTA|YA BASTA|NO MAS|DAR DE BAJA|DARME " +
    "DE BAJA|UNSUB|HALTO"
  ).split("|"),
);

/** Those words, and others that are as clear if a sentence holds nothing else ("Not interested. Cancel."). */
export const SENTENCE_STOP: ReadonlySet<string> = new Set([
  ...STRONG_STOP,
  ...(
    "REMOVE|CANCEL|QUIT|STOP IT|REMOVE ME|PAREN|PARENLE|PARELE|PARALE|OPT ME OUT|UNSUBSCRIBE ME|UNSUB " +
    "ME|STOP NOW|QUIT IT|STOP THIS|BORRAME"
  ).split("|"),
]);

/** Words that nobody taught as an answer, and that a person looks at although they are clear. */
export const UNUSUAL: ReadonlySet<string> = new Set("UNSUB ARRET HALT".split(" "));

/** Standard words of which typing slips are understood, and how many slips. */
export const SLIPPERY: readonly (readonly [string, number])[] = [
  ["STOP", 1],
  ["STOPALL", 1],
  ["UNSUBSCRIBE", 2],
  ["CANCEL", 1],
  ["QUIT", 1],
  ["REVOKE", 1],
  ["REMOVE", 1],
  ["OPTOUT", 1],
  ["ALTO", 1],
  ["BASTA", 1],
  ["CANCELAR", 1],
  ["PARAR", 1],
  ["ELIMINAR", 1],
];
/** Words of their own, which look like slips. */
export const NO_SLIPS: ReadonlySet<string> = new Set(
  (
    "STEP SHOP SLOP CROP DROP STOW STORY ALGO ACTO ALDO AUTO QUITE QUIET SUIT QUIZ QUITO QUOTE REMOTE " +
    "REMOVED CANAL PASAR " +
    "PARA PASTA ALOT SALTO ALTA ALTOS STROP STOMP STOUT STOCK STORE STONE TOP ATOM PARADA PARIR PAGAR " +
    "BASTAR BASTAN REVOKED INVOKE CANCELED"
  ).split(" "),
);

/** Words of courtesy or impatience, which change nothing around a keyword. */
export const COURTESY: ReadonlySet<string> = new Set(
  (
    "PLEASE THANK THANKS THANKYOU THX THANX TY YOU VERY MUCH NOW ASAP IMMEDIATELY OK OKAY SIR MAAM MAM " +
    "MR MRS MISS MAN BRO DUDE " +
    "GOODBYE BYE HELLO HI HEY GOOD MORNING AFTERNOON EVENING NIGHT JUST SERIOUSLY ALREADY SORRY RIGHT " +
    "AWAY GOD BLESS KINDLY LOL OMG " +
    "HAVE A NICE GREAT BLESSED DAY ONE REPLY AGAIN WELL FRIEND DEAR PERIOD COMMA " +
    "POR FAVOR GRACIAS YA AHORA MISMO AHORITA INMEDIATAMENTE SENOR SENORA SENORITA SR SRA HOLA BUENOS " +
    "BUENAS PLIS " +
    "BUEN DIAS DIA TARDES NOCHES MUCHAS DIOS BENDIGA ADIOS DISCULPE PERDON OIGA AMIGO LE LO PUES"
  ).split(" "),
);
