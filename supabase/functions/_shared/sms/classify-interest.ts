// Whether a reply says that the owner would sell, or would not.
import { COURTESY } from "./inbound-keywords.ts";
import { normaliseInbound } from "./normalise-inbound.ts";

export type Interest = "interested" | "not_interested";

const LAND = "(?:IT|THAT|THIS|ANYTHING|MY|OUR|THE|LAND|PROPERTY|LOT|LOTS)";

/** Searched in normalised text (see normaliseInbound); what they match is taken out before YES is looked for. */
const NO_PHRASES: readonly RegExp[] = [
  /\b(?:NOT|NEVER|ISNT|ARENT|NO LONGER|WASNT) (?:REALLY |AT ALL |AT THIS TIME |EVEN |BEEN )?(?:INTERESTED|SELLING|FOR SALE|LOOKING TO SELL|WILLING TO SELL|WANTING TO SELL|READY TO SELL|OPEN TO SELLING|GOING TO SELL|PLANNING TO SELL)\b/g,
  /\bNO (?:INTEREST|PLANS|INTENTION|DESIRE)\b/g,
  /\b(?:DO NOT|DONT|WONT|WILL NOT|WOULD NOT|WOULDNT|CANNOT|CANT|NEVER) (?:EVER )?(?:WANT TO |WISH TO |PLAN TO |INTEND TO |CARE TO |NEED TO |WANNA |BE )?SELL(?:ING)?\b/g,
  new RegExp(
    `\\b(?:ALREADY|HAVE|HAS|WAS|BEEN|WE|I|JUST) (?:ALREADY |BEEN |JUST )?SOLD\\b(?: ${LAND})?|\\bSOLD ${LAND}\\b`,
    "g",
  ),
  new RegExp(`\\b(?:KEEPING|KEEP) ${LAND}\\b`, "g"),
  /\b(?:ILL|WE WILL|I WILL) PASS\b/g,
  /\b(?:YA )?NO (?:ME |NOS |LE |LES )?INTERESA[NR]?\b/g,
  /\bNO (?:ESTOY|ESTAMOS|ESTA|SOY) (?:MUY )?INTERESAD[OA]S?\b|\bSIN INTERES\b/g,
  /\bNO (?:LO |LA |LOS |LAS |SE )?(?:VENDO|VENDEMOS|VENDERE|VENDEREMOS|VENDE|VENDEN)\b/g,
  /\bNO (?:LO |LA |LOS |LAS )?(?:QUIERO|QUEREMOS|PIENSO|PENSAMOS|DESEO|DESEAMOS|PLANEO|VOY A|VAMOS A|PUEDO) VENDER(?:LO|LA|LOS|LAS)?\b/g,
  /\bNO (?:ESTA|ESTAN) (?:EN|A LA|DE) VENTA\b|\bNO (?:ES|SON) PARA (?:LA )?VENTA\b/g,
  /\bYA (?:LO |LA |LOS |LAS |SE |ESTA )?(?:VENDI|VENDIMOS|VENDIO|VENDID[OA])\b/g,
];

const YES_PHRASES: readonly RegExp[] = [
  /^(?:(?!\b(?:WHY|WHO)\b).)*?\bINTERESTED\b/,
  /\bHOW MUCH\b/,
  /\b(?:WHATS|WHAT IS|WHAT) (?:IS |S )?(?:YOUR|UR|THE|YOU|U) (?:BEST |CASH )?(?:OFFER|OFFERING|PRICE|PAYING)\b|\bWHAT ARE (?:YOU|U) (?:OFFERING|PAYING|WILLING TO PAY)\b/,
  /\b(?:MAKE|SEND|GIVE|SUBMIT|TEXT|EMAIL|MAIL) (?:ME |US )?(?:AN |A |YOUR |UR |THE )?(?:BEST |CASH |FAIR |WRITTEN |GOOD )*(?:OFFER|PROPOSAL|CONTRACT)\b/,
  /(?<!\b(?:TO|NOT|DONT|NEVER|DIDNT|JUST|(?:DID|DO|WHY) YOU) )\b(?:CALL|RING|PHONE) (?:ME|US)\b/,
  /\b(?:WILLING|READY|OPEN|LIKE|WANT|LOOKING|HAPPY|WANTING|TRYING|CONSIDERING|CONSIDER) (?:TO )?SELL(?:ING)?\b|\bWANNA SELL\b/,
  /\b(?:ITS|IT IS|STILL|THEYRE|LAND IS|PROPERTY IS) (?:STILL )?FOR SALE\b/,
  /\b(?:ME|NOS) INTERESA(?:RIA|N)?\b|\bINTERESAD[OA]S?\b/,
  /\bCUANTO\b/,
  /\b(?:LLAMEME|LLAMENME|LLAMAME|MARQUEME|MARCAME|HABLEME)\b|\b(?:ME|NOS) (?:PUEDE[NS]?|PODRIA[N]?) (?:LLAMAR|MARCAR|HABLAR)\b|\bPUEDE[NS]? (?:LLAMAR|MARCAR)(?:ME|NOS)\b/,
  /\b(?:QUIERO|QUEREMOS|QUISIERA|QUISIERAMOS|DESEO|ME GUSTARIA|NOS GUSTARIA|PIENSO|DISPUEST[OA] A) VENDER(?:LO|LA|LOS|LAS)?\b|\b(?:SI|LO|LA|LOS|LAS) VEND(?:O|EMOS)\b/,
  /\b(?:CUAL ES|HAGAN?ME|HAGAME|MANDEN?ME|ENVIEN?ME|DIGAN?ME|DEME) (?:SU|LA|UNA|TU) (?:OFERTA|PROPUESTA)\b/,
  /\b(?:ESTA|SIGUE|TENGO) (?:EN|A LA) VENTA\b/,
];

const YES_WORDS = new Set([
  "YES",
  "YEP",
  "YEAH",
  "YEA",
  "YUP",
  "SURE",
  "DEFINITELY",
  "ABSOLUTELY",
  "SI",
  "CLARO",
]);
const NO_WORDS = new Set(["NO", "NOPE", "NAH", "PASS"]);

/**
 * Judges a text that is a plain reply to the question whether somebody would sell their land; nothing where it does not tell, or
 * says both. YES and NO count only where the message says nothing else: "Yes, who is this?" is a question.
 */
export function classifyInterest(body: string): Interest | undefined {
  let text = normaliseInbound(body);
  let isNo = false;
  for (const phrase of NO_PHRASES) {
    const rest = text.replace(phrase, " ");
    isNo ||= rest !== text;
    text = rest;
  }
  const isYes = YES_PHRASES.some((phrase) => phrase.test(text));
  if (isYes && isNo) return undefined;
  if (isYes) return "interested";
  if (isNo) return "not_interested";
  const words = text.split(" ");
  const said = words.filter((word) => !COURTESY.has(word) && word !== "QUE");
  const all = (set: ReadonlySet<string>) => said.length > 0 && said.every((word) => set.has(word));
  if (body.includes("?")) return undefined;
  return all(YES_WORDS) ? "interested" : all(NO_WORDS) ? "not_interested" : undefined;
}
