// Tells names of companies, trusts, offices and estates from names of people: only people have a first name to be greeted by.
import { FIRST_NAMES, foldWord } from "../leads/name-words.ts";

const setOf = (words: string) => new Set(words.split(/\s+/));

/** Hardly anybody's name: one of these makes an entity. */
const ENTITY_WORDS = setOf(
  `llc llp lllp pllc inc incorporated corp corporation company companies ltd limited plc gmbh trust trusts trustee
  trustees ttee ttees tte trst trs revocable irrevocable revoc testamentary estate estates heirs heir heirship decedent deceased
  decd partners partnership ptnr ptnrs holdings holding properties investments investment investors invest group association assn
  assoc associates foundation fdn ministries ministry realty ranches enterprises enterprise ventures venture developers
  development builders construction contractors farms cattle timber timberland timberlands lumber minerals royalty royalties
  resources petroleum pipeline energy electric utilities utility railroad railway railways telephone mortgage lending financial
  finance bancorp bankshares federal national department dept authority district commission municipality township university
  isd usd cemetery iglesia diocese archdiocese congregation baptist methodist lutheran presbyterian episcopal catholic
  pentecostal tabernacle synagogue fellowship fund funds equity management mgmt services solutions rentals leasing apartments storage
  homeowners poa coop cooperative society council bros brothers acquisitions acquisition assets capital hacienda
  fideicomiso sucesion herederos inmobiliaria constructora asociacion fundacion banco cooperativa compania sociedad municipio
  gobierno ejido comunidad government county nonprofit international industries industrial manufacturing llcs`,
);
/** Surnames as well. At the end of a name they make an entity, unless all words before them are first names. */
const WEAK_ENDS = setOf(
  `co bank church temple parish lodge farm ranch rancho homes college school chapel club acres oil gas motors dairy orchard
  vineyard vineyards winery`,
);

const OFFICES =
  "state|city|county|town|village|borough|commonwealth|republic|bank|church|board|university|diocese|port|bureau" +
  "|estado|ciudad|condado|municipio|iglesia|universidad";
const HOLDER = "(?:owners?|residents?|occupants?|homeowners?|taxpayers?|tenants?)";
const HOLDER_IS = "(?:current|present|property|unknown|legal|recorded|registered|deeded|actual|new)";
const UNKNOWN = "(?:unknown|unavailable|not available|withheld|confidential|protected)";

const PHRASES = [
  new RegExp(`\\b(?:${OFFICES}) (?:of|de|del) `),
  /\b(?:united states|u s a|usa|u s|real estate|(?:living|family) (?:trust|tr)|land (?:co|bank|trust)|s a de c v|the public)\b/,
  /\b(?:est|estate|heirs|succession|trustees?) of\b/,
  /^(?:the )?familia |\bfamily$/,
  /(?:& |and )(?:co|sons?|daughters?|associates|bros|company)$/,
];
/** Whole names of nobody. */
const NOBODY = [
  new RegExp(`^(?:the )?${HOLDER_IS} (?:property )?${HOLDER}$`),
  new RegExp(`^(?:the )?${HOLDER}(?: (?:of record|name|${UNKNOWN}|or (?:current )?${HOLDER}))?$`),
  new RegExp(`^(?:name |owner )?${UNKNOWN}(?: (?:owner|name))?$`),
  /^(?:propietario|dueno|residente|ocupante|inquilino)s?(?: (?:actual|desconocido|no disponible))?$/,
  /^(?:to whom it may concern|vacant(?: lot| land)?|exempt)$/,
];
/** Hoa is also a first name of Vietnamese people. */
const VIETNAMESE = setOf("nguyen tran le pham huynh hoang phan vu vo dang bui do ho ngo duong ly thi");
/** Trustee, estate, partnership: at the end only, since within a name they are initials. */
const LAST_WORDS = setOf("tr trs est rlt flp lp lc gp pc pa na fsb ira jtwros");

/** @param name in any case, single spaces */
export function isEntityName(name: string): boolean {
  const words = name
    .split(" ")
    .map(foldWord)
    .filter((word) => word !== "");
  if (words.length === 0) return false;
  if (/\d/.test(name.replace(/\b(?:2nd|3rd|4th)\b/gi, ""))) return true;
  const folded = words.join(" ");
  if (words.some((word) => ENTITY_WORDS.has(word))) return true;
  if (PHRASES.some((phrase) => phrase.test(folded)) || NOBODY.some((phrase) => phrase.test(folded)))
    return true;
  if (words.at(-1) === "hoa" && words.length > 1 && !words.some((word) => VIETNAMESE.has(word))) return true;
  const last = words.at(-1) as string;
  if (LAST_WORDS.has(last) && (words.length >= 3 || /[^.]l[cp]$/i.test(name))) return true;
  if (words.length < 2 || !WEAK_ENDS.has(last)) return false;
  const second = Math.max(words.lastIndexOf("&"), words.lastIndexOf("and")) + 1;
  return !isPersonWithOddSurname(words.slice(second));
}

/** "Maria Church", "Maria Elena Church", "Daniel Co"; also "Church, Maria", which the caller splits at its comma. */
function isPersonWithOddSurname(words: string[]): boolean {
  const given = words.slice(0, -1);
  if (words.at(-1) === "co" && given.length > 1) return false;
  return (
    FIRST_NAMES.has(given[0] as string) && given.every((word) => FIRST_NAMES.has(word) || word.length === 1)
  );
}
