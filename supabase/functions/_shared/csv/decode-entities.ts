// Decodes HTML entities, which web programs leave in their exports: "O&#39;Brien", "Mu&ntilde;oz", "SMITH &amp; SONS".

/** The names of HTML 4 for the characters U+00A0 to U+00FF, in their order. */
const LATIN =
  `nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute
micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave
Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml
Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth
ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml`.split(/\s+/);

const NAMED = new Map<string, string>([
  ...LATIN.map((name, at): [string, string] => [name, String.fromCharCode(0xa0 + at)]),
  ["amp", "&"],
  ["AMP", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["QUOT", '"'],
  ["apos", "'"],
  ["lsquo", "‘"],
  ["rsquo", "’"],
  ["ldquo", "“"],
  ["rdquo", "”"],
  ["sbquo", "‚"],
  ["bdquo", "„"],
  ["ndash", "–"],
  ["mdash", "—"],
  ["hellip", "…"],
  ["bull", "•"],
  ["trade", "™"],
  ["euro", "€"],
  ["commat", "@"],
  ["num", "#"],
  ["comma", ","],
  ["colon", ":"],
  ["sol", "/"],
  ["lpar", "("],
  ["rpar", ")"],
  ["Scaron", "Š"],
  ["scaron", "š"],
  ["oelig", "œ"],
  ["OElig", "Œ"],
]);

/** As browsers do, numbers 128 to 159 are read in Windows-1252. */
const WINDOWS_1252 = "€\0‚ƒ„…†‡ˆ‰Š‹Œ\0Ž\0\0‘’“”•–—˜™š›œ\0žŸ";

const ENTITY = /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([A-Za-z]{2,8}\d{0,2}));/g;

/** The text with each entity decoded once: "&amp;amp;" is "&amp;". Unknown ones, and those of control characters, stay. */
export function decodeEntities(text: string): string {
  if (!text.includes("&") || !text.includes(";")) return text;
  return text.replace(ENTITY, (entity, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return NAMED.get(name) ?? upperCased(name) ?? entity;
    return (
      characterOf(decimal === undefined ? Number.parseInt(hex as string, 16) : Number(decimal)) ?? entity
    );
  });
}

/** "MU&NTILDE;OZ": somebody put the whole file into capitals. */
function upperCased(name: string): string | undefined {
  if (name !== name.toUpperCase()) return undefined;
  return NAMED.get(name.charAt(0) + name.slice(1).toLowerCase()) ?? NAMED.get(name.toLowerCase());
}

function characterOf(code: number): string | undefined {
  if (code >= 0x80 && code <= 0x9f) {
    const char = WINDOWS_1252[code - 0x80];
    return char === "\0" ? undefined : char;
  }
  if (code < 0x20 || code === 0x7f || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined;
  return String.fromCodePoint(code);
}
