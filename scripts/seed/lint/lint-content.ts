// The rules for the content of a template: identification, opt-out wording, links, forbidden words, tone.

import { findLinks } from "./find-links.ts";
import { DOUBTFUL, FORBIDDEN, SHORTENERS, SPAMMY } from "./lint-word-lists.ts";
import { normaliseWords } from "./normalise-words.ts";

export type TemplateCategory = "initial" | "followup" | "help" | "stop";

export interface Finding {
  /** Stable word for programs; see the list in the API document. */
  code: string;
  severity: "error" | "warning";
  message: string;
  remedy: string;
}

const error = (code: string, message: string, remedy: string): Finding => ({
  code,
  severity: "error",
  message,
  remedy,
});
const warning = (code: string, message: string, remedy: string): Finding => ({
  code,
  severity: "warning",
  message,
  remedy,
});

/** STOP or ALTO as an answer word: in capitals or quotes, since lower-case "alto" is an adjective. */
const OPT_OUT_WORD =
  /(?<![\p{L}])(?:["'“”]?(?:STOP|ALTO|BAJA|PARAR|UNSUBSCRIBE)["'“”]?|["'“](?:stop|alto|baja|parar)["'”])(?![\p{L}])/u;
/** Words that tell people to answer with it, or what it does. */
const OPT_OUT_SENSE =
  /\b(?:REPLY|TEXT|SEND|RESPOND|ANSWER|RESPOND[AE]|CONTEST[AE]|ENVIE|ENVIA|MANDE|MANDA|ESCRIB[AE]|TEXTEE)\b|\b(?:TO|PARA) (?:OPT OUT|UNSUBSCRIBE|STOP|END|QUIT|SALIR|NO RECIBIR|DEJAR|DARSE|CANCELAR|PARAR|TERMINAR)\b/;
/** Twilio answers these itself if they are the whole text, so an offer can't ask for them. */
const KEYWORD_AS_ANSWER =
  /\b(?:REPLY|TEXT|SEND|RESPOND|ANSWER|RESPOND[AE]|CONTEST[AE]|ENVIE|MANDE|ESCRIB[AE]|TEXTEE)(?: WITH| CON| BACK| THE WORD| LA PALABRA)* ["'“”]?(YES|INFO|START|END|CANCEL|QUIT|UNSTOP|REVOKE|OPTOUT)\b/;
const CONFIRMS =
  /\b(?:UNSUBSCRIBED|OPTED OUT|REMOVED|NO MORE|NOT (?:RECEIVE|GET|TEXT|CONTACT)|WONT|NO (?:LE|TE|LES|RECIBE|RECIBIRA|RECIBIRAS|VOLVERA|VOLVEREMOS|MAS|ENVIAREMOS|ESCRIBIREMOS)|DADO DE BAJA|DADA DE BAJA|DE BAJA|CANCELAD[OA])\b/;
const SELLS =
  /\b(?:SELL|SELLING|BUY|OFFER|CASH|PRICE|LAND|VENDER|VENDE|COMPRAR|COMPRAMOS|OFERTA|PRECIO|EFECTIVO|TERRENO|TERRENOS)\b/;

function lintOptOut(text: string, plain: string, category: TemplateCategory): Finding[] {
  const says = OPT_OUT_WORD.test(text) && OPT_OUT_SENSE.test(plain);
  if (says) return [];
  if (category === "initial") {
    return [
      error(
        "missing_opt_out",
        "The first message does not say how to opt out.",
        'Add "Responda ALTO para salir." or "Reply STOP to opt out."',
      ),
    ];
  }
  if (category === "help") {
    return [
      warning(
        "missing_opt_out",
        "The answer to HELP does not say how to opt out.",
        'Add "Responda ALTO para salir." or "Reply STOP to opt out."',
      ),
    ];
  }
  return [];
}

function lintBrand(
  variables: readonly string[],
  text: string,
  category: TemplateCategory,
  brand: string | undefined,
): Finding[] {
  const named =
    variables.includes("brand") ||
    (brand !== undefined && brand !== "" && text.toUpperCase().includes(brand.toUpperCase()));
  if (named) return [];
  const message =
    category === "initial"
      ? "The first message does not say who is writing."
      : "This message does not say who is writing.";
  const remedy = "Add {brand}, which becomes your organisation's name.";
  return [
    category === "followup"
      ? warning("missing_brand", message, remedy)
      : error("missing_brand", message, remedy),
  ];
}

function lintLinks(rendered: string, category: TemplateCategory, brand: string | undefined): Finding[] {
  const links = findLinks(rendered);
  const findings: Finding[] = [];
  const short = links.find(({ host }) =>
    SHORTENERS.some((shortener) => host === shortener || host.endsWith(`.${shortener}`)),
  );
  if (short) {
    findings.push(
      error(
        "link_shortener",
        `Carriers block links through ${short.host}.`,
        "Use a link on your own domain.",
      ),
    );
  }
  if (links.length > 0 && (category === "initial" || category === "stop")) {
    const what = category === "initial" ? "A first message" : "A stop confirmation";
    const isBrand = brand !== undefined && links.some(({ text }) => brand.includes(text));
    findings.push(
      error(
        "link_not_allowed",
        `${what} may not have a link (${links[0]?.text}${isBrand ? ", the brand" : ""}).`,
        isBrand
          ? "Change brand in the settings: write the name without the dot, or with a space."
          : "Remove the link, or put a space after the dot; send a link once the person has answered.",
      ),
    );
  } else if (links.length > 1) {
    findings.push(
      warning("several_links", "Messages with several links are often filtered.", "Keep one link."),
    );
  }
  return findings;
}

function lintWords(plain: string): Finding[] {
  const words = plain.split(" ");
  const forbidden = words.find((word) => FORBIDDEN.has(word));
  const doubtful = words.find((word) => DOUBTFUL.has(word));
  const spammy = SPAMMY.map((pattern) => pattern.exec(plain)?.[0]).find((match) => match !== undefined);
  const findings: Finding[] = [];
  if (forbidden) {
    findings.push(
      error(
        "forbidden_word",
        `Carriers forbid "${forbidden.toLowerCase()}" in marketing texts (sex, hate, alcohol, firearms, tobacco, drugs, gambling).`,
        "Remove the word.",
      ),
    );
  } else if (doubtful) {
    findings.push(
      warning(
        "doubtful_word",
        `Carriers may filter "${doubtful.toLowerCase()}".`,
        "Say it another way if you can.",
      ),
    );
  }
  if (spammy)
    findings.push(
      warning("spammy_phrase", `Filters take "${spammy.toLowerCase()}" for spam.`, "Say it plainly."),
    );
  return findings;
}

function lintTone(text: string): Finding[] {
  const letters = text.replace(/\b(?:STOP|ALTO|HELP|AYUDA|BAJA|START|ALTA|LLC|INC|USA|TX)\b|[^\p{L}]/gu, "");
  const capitals = letters.replace(/[^\p{Lu}]/gu, "").length;
  const findings: Finding[] = [];
  if (letters.length >= 10 && capitals / letters.length > 0.6) {
    findings.push(
      error(
        "all_capitals",
        "The message is written in capitals, which carriers filter.",
        "Write it in normal letters.",
      ),
    );
  }
  if (/[!¡]{2,}|(?:![^!]*){3,}|\${2,}/.test(text)) {
    findings.push(
      warning("loud", "Repeated exclamation or dollar signs look like spam.", "Use one at most."),
    );
  }
  return findings;
}

function lintStop(plain: string): Finding[] {
  const findings: Finding[] = [];
  if (!CONFIRMS.test(plain)) {
    findings.push(
      error(
        "not_a_confirmation",
        "The message does not confirm that no more will come.",
        'Say so: "No recibirá más mensajes" or "You will not receive more messages".',
      ),
    );
  }
  if (SELLS.test(plain)) {
    findings.push(
      error(
        "marketing_in_stop",
        "A stop confirmation may only confirm; it may not advertise (47 CFR 64.1200(a)(12)).",
        "Remove everything about buying, selling and offers.",
      ),
    );
  }
  return findings;
}

/**
 * The findings about a template for its category.
 * @param text its fixed text, without variables
 * @param rendered the text as it is sent: with the values that are known, a stand-in for others
 */
export function lintContent(
  text: string,
  rendered: string,
  variables: readonly string[],
  category: TemplateCategory,
  brand?: string,
): Finding[] {
  const plain = normaliseWords(text);
  const keyword = KEYWORD_AS_ANSWER.exec(plain)?.[1];
  const allowed = category === "stop" || category === "help" ? ["START", "UNSTOP", "INFO"] : [];
  return [
    ...lintBrand(variables, text, category, brand),
    ...lintOptOut(text, plain, category),
    ...lintLinks(rendered, category, brand),
    ...lintWords(plain),
    ...lintTone(text),
    ...(category === "stop" ? lintStop(plain) : []),
    ...(keyword !== undefined && !allowed.includes(keyword)
      ? [
          error(
            "twilio_keyword",
            `The message asks people to answer ${keyword}, which Twilio takes for a command and answers itself.`,
            "Ask for another answer, for example SI, 1 or INTERESADO.",
          ),
        ]
      : []),
  ];
}
