// Rewrites names and addresses that are all in capitals, or all in lower case, as people write them: McDonald, O'Brien, de la
// Cruz, LLC, PO Box, NW 3rd St. Text in mixed case was written so on purpose and is left alone.

export type CaseKind = "name" | "address" | "place";

const setOf = (words: string) => new Set(words.split(" "));

/** Written in capitals in any place. */
const CAPITALS: Readonly<Record<CaseKind, ReadonlySet<string>>> = {
  name: setOf("llc lllp llp pllc flp usa us hoa isd ira md dds cpa ttee ttees"),
  address: setOf("ne nw se sw po fm cr rr us sh ih hc rm usa apo fpo cmr psc"),
  place: setOf("dc ne nw se sw usa"),
};
/** Numerals after a name. As the first word they are a name. */
const NUMERALS = setOf("ii iii iv vi vii viii");
/** In lower case between other words. */
const SMALL = setOf("of the and for or et al ux vir y");
/** In lower case before a name, even as the first word. */
const PARTICLES = setOf("de del da das dos von");
/** In lower case after "de", "van" or "von": "de la Cruz", but "La Rosa". */
const ARTICLES = setOf("la las los lo der den dem");
/** Words of consonants only that are not initials. */
const WORDS_OF_CONSONANTS = setOf("mr mrs ms dr st jr sr ng ft mt rd ln ct pl sq trl blvd pkwy hwy tr pt");
const ODD: Readonly<Record<string, string>> = {
  phd: "PhD",
  dewitt: "DeWitt",
  desoto: "DeSoto",
  dekalb: "DeKalb",
  dupage: "DuPage",
  lasalle: "LaSalle",
  macarthur: "MacArthur",
  macdonald: "MacDonald",
  macdougall: "MacDougall",
  macgregor: "MacGregor",
  macintyre: "MacIntyre",
  macleod: "MacLeod",
  macmillan: "MacMillan",
  macneil: "MacNeil",
  macpherson: "MacPherson",
  "c/o": "c/o",
  etal: "et al",
  etux: "et ux",
};

/** Whether all letters of a text are capitals, or none is; false without letters. */
export function isOneCase(text: string): boolean {
  const lower = text.toLowerCase();
  const upper = text.toUpperCase();
  return lower !== upper && (text === lower || text === upper);
}

/** @returns the text unchanged, unless all its letters are capitals or none is */
export function caseText(text: string, kind: CaseKind): string {
  if (!isOneCase(text)) return text;
  const lower = text.toLowerCase();
  let before = "";
  let isFirst = true;
  const cased = lower.replace(/c\/o|[^\s\-/&(),;"]+/g, (word, at: number) => {
    const isParticle = word === "van" && /^ de[rn]?\b/.test(lower.slice(at + 3, at + 8));
    // "Smith et al", but "Smith Al"; and a name may end in Y.
    const isName =
      kind === "name" && !isFirst && isNameThere(word, before, at + word.length === lower.length);
    const written = isParticle ? word : caseWord(word, kind, before, isFirst || isName);
    before = word;
    isFirst = false;
    return written;
  });
  return kind === "address" ? cased.replace(STATE_BEFORE_ZIP, (state) => state.toUpperCase()) : cased;
}

const isNameThere = (word: string, before: string, isLast: boolean) =>
  word === "y" ? isLast : (word === "al" || word === "vir" || word === "ux") && before !== "et";

const STATE_BEFORE_ZIP = /(?<=[\s,])[A-Za-z]{2}(?=,?\s+\d{5}(?:-\d{4})?$)/;

function caseWord(word: string, kind: CaseKind, before: string, isFirst: boolean): string {
  if (Object.hasOwn(ODD, word)) return ODD[word] as string;
  if (CAPITALS[kind].has(word)) return word.toUpperCase();
  if (!isFirst && (SMALL.has(word) || (NUMERALS.has(word) && kind !== "address")))
    return SMALL.has(word) ? word : word.toUpperCase();
  if (PARTICLES.has(word) && (kind === "name" || !isFirst)) return word;
  if (ARTICLES.has(word) && (before === "de" || before === "van" || before === "von")) return word;
  if (/\d/.test(word)) return /^\d+(?:st|nd|rd|th)$/.test(word) ? word : word.toUpperCase();
  // "j.r.", "l.l.c."; and "jd", "tj": initials.
  if (word.includes(".") && /^(?:\p{L}\.)+\p{L}?$/u.test(word)) return word.toUpperCase();
  if (
    kind === "name" &&
    word.length <= 3 &&
    /^[b-df-hj-np-tv-xz]{2,3}$/.test(word) &&
    !WORDS_OF_CONSONANTS.has(word)
  )
    return word.toUpperCase();
  return capitalise(word);
}

/** The first letter, the one after Mc, and the one after an apostrophe unless it is the last ("George's"). */
function capitalise(word: string): string {
  // Enough for nearly every word; the code below costs six times as much.
  if (/^[a-z](?!c[a-z]{2})[a-z.]*$/.test(word)) return word.charAt(0).toUpperCase() + word.slice(1);
  const start = /^[^\p{L}]*/u.exec(word)?.[0].length ?? 0;
  const end = /^mc\p{L}{2}/u.test(word.slice(start)) ? start + 3 : start + 1;
  const head =
    end - start === 3
      ? `${word.slice(0, start)}Mc${word.slice(start + 2, end).toUpperCase()}`
      : word.slice(0, end).toUpperCase();
  const rest = word.slice(end);
  return rest.includes("'") || rest.includes("’")
    ? head + rest.replace(/(?<=['’])\p{L}(?=\p{L})/gu, (letter) => letter.toUpperCase())
    : head + rest;
}
