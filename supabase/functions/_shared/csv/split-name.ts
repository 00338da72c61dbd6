// Splits a whole name into first and last name. Both together always hold every word of the name but titles, so that nothing is
// lost where the guess is wrong.
import {
  FIRST_NAMES,
  foldWord,
  LEADING_PARTICLES,
  NAMES_LIKE_SUFFIXES,
  PARTICLES,
  SUFFIXES,
  TITLES,
  TITLES_WITH_POINT,
} from "../leads/name-words.ts";
import { isEntityName } from "./is-entity-name.ts";

export interface SplitName {
  first: string | null;
  last: string | null;
}

const LONE_ENDS = [
  " &",
  " and",
  " et al",
  " et al.",
  " et ux",
  " et ux.",
  " etux",
  " etux.",
  " etal",
  " et vir",
  " etvir",
  "&",
  ",",
];
const LONGEST_END = 7;

/** Counties cut off the second owner: "GARCIA MARIA &". This goes back word by word; a pattern would search from every space. */
function dropLoneEnd(name: string): string {
  let rest = name;
  for (;;) {
    const tail = rest.slice(-LONGEST_END).toLowerCase();
    const end = LONE_ENDS.find((one) => tail.endsWith(one));
    if (end === undefined) return rest;
    rest = rest.slice(0, -end.length).trimEnd();
  }
}

/** Between two owners, or between a person and what is said of them. */
const SAID_OF = "c/o|%|dba|d/b/a|aka|a/k/a|fka|f/k/a|nka|n/k/a";
const BETWEEN = new RegExp(
  ` (?:&|\\+|and|or|et ux|et vir|with|${SAID_OF}) | ?(?:[;&+]|(?<![cdbkafn])/(?![cdbkafno]\\b)) ?`,
  "i",
);
const IN_CARE_OF = new RegExp(`^(?:${SAID_OF})$`, "i");

const LIFE_ESTATE = /,? (?:life estate|l\/e)$/i;

const wordsOf = (text: string) => text.split(" ").filter((word) => word !== "");
const join = (words: string[]) => (words.length === 0 ? null : words.join(" "));
const isInitial = (word: string) => /^\p{L}\.?$/u.test(word);
const isSuffix = (word: string | undefined) => word !== undefined && SUFFIXES.has(foldWord(word));
const isTitle = (word: string | undefined) =>
  word !== undefined &&
  (TITLES.has(foldWord(word)) || (word.endsWith(".") && TITLES_WITH_POINT.has(foldWord(word))));

/**
 * "Garcia, Maria" and "Maria Garcia" → first and last name. Companies, trusts, estates and the like have a last name only.
 * Particles and suffixes belong to the last name. Of two owners, the first gives the first name, or both if they share a surname.
 */
export function splitName(text: string): SplitName {
  const whole = dropLoneEnd(
    text
      .replace(/\s+/g, " ")
      .replace(/^[ ,;&]+/, "")
      .trimEnd(),
  );
  if (whole === "") return { first: null, last: null };
  // Who keeps the use of the land for life is alive, unlike an estate.
  const right = LIFE_ESTATE.exec(whole)?.[0] ?? "";
  const name = dropLoneEnd(whole.slice(0, whole.length - right.length));
  const comma = name.indexOf(",");
  // "Church, Maria": the surname alone says nothing.
  const isSurnameFirst = comma > 0 && !name.slice(0, comma).includes(" ");
  const isEntity = isSurnameFirst
    ? isEntityName(name.slice(0, comma)) || isEntityName(name.slice(comma + 1).trim())
    : isEntityName(name);
  if (isEntity) return { first: null, last: whole };
  const { first, last } = comma > 0 ? splitAtComma(name, comma) : splitWords(name);
  return { first, last: `${last ?? ""}${right}`.trim() || null };
}

function splitAtComma(name: string, comma: number): SplitName {
  const before = name.slice(0, comma).trim();
  const behind = name.slice(comma + 1).trim();
  const words = wordsOf(behind.replaceAll(",", " "));
  const own = wordsOf(before);
  // "John Smith, Jr", but "Nguyen, Vi".
  if (
    words.length > 0 &&
    words.every(isSuffix) &&
    !(own.length === 1 && words.length === 1 && NAMES_LIKE_SUFFIXES.has(foldWord(behind)))
  )
    return own.length === 1
      ? { first: null, last: `${before} ${words.join(" ")}` }
      : splitWords(`${before} ${words.join(" ")}`);
  // "Smith, John & Jones, Mary"; "John Smith & Mary Jones, Trustees" is an entity before it comes here.
  const link = BETWEEN.exec(before);
  if (link && own.length > 2) return splitWords(name);
  const two = BETWEEN.exec(behind);
  const mine = two ? behind.slice(0, two.index) : behind;
  const rest = two ? behind.slice(two.index) : "";
  const isShared = two !== null && isGivenNames(wordsOf(rest.slice(two[0].length))) && !rest.includes(",");
  const given = dropTitles(wordsOf(mine.replaceAll(",", " ")));
  const suffixes: string[] = [];
  while (given.length > 1 && isSuffix(given[0]) && !NAMES_LIKE_SUFFIXES.has(foldWord(given[0] as string)))
    suffixes.push(given.shift() as string);
  while (given.length > 1 && isSuffix(given.at(-1))) suffixes.unshift(given.pop() as string);
  // "Cruz, Juan de la": the particles belong before the surname.
  const particles: string[] = [];
  while (
    given.length > 1 &&
    !isInitial(given.at(-1) as string) &&
    PARTICLES.has(foldWord(given.at(-1) as string))
  )
    particles.unshift(given.pop() as string);
  const last = [...particles, before, ...suffixes].join(" ");
  if (two === null) return { first: join(given), last };
  return isShared && given.length > 0
    ? { first: `${given.join(" ")}${rest}`, last }
    : { first: join(given), last: `${last}${rest}` };
}

/** One first name, or one with a middle name or initial: what a second owner has who shares the surname. */
const isGivenNames = (words: string[]) =>
  words.length === 1 || (words.length === 2 && isInitial(words[1] as string));

function dropTitles(words: string[]): string[] {
  let at = 0;
  while (
    at < words.length - 1 &&
    (isTitle(words[at]) || (at > 0 && /^(?:and|&|y)$/i.test(words[at] as string)))
  )
    at++;
  return at > 0 ? words.slice(at) : words;
}

function splitWords(name: string): SplitName {
  const titled = wordsOf(name);
  const words = dropTitles(titled);
  // "Mr. Smith" has no first name that one could use.
  if (words.length === 1)
    return titled.length > 1
      ? { first: null, last: words[0] as string }
      : { first: words[0] as string, last: null };
  const whole = words.join(" ");
  const link = BETWEEN.exec(whole);
  if (link && link.index > 0) return splitOwners(whole, link);
  return splitOne(words);
}

/** "John & Mary Smith", "SMITH JOHN W & MARY L", "John Smith & Mary Jones". */
function splitOwners(name: string, link: RegExpExecArray): SplitName {
  const before = wordsOf(name.slice(0, link.index));
  const behind = wordsOf(name.slice(link.index + link[0].length));
  const rest = name.slice(link.index);
  if (IN_CARE_OF.test(link[0].trim())) {
    const { first, last } = splitOne(before);
    return last === null ? { first: null, last: name } : { first, last: `${last}${rest}` };
  }
  const isLone = before.length === 1 || (before.length === 2 && isInitial(before[1] as string));
  if (isLone && behind.length > 1 && !BETWEEN.test(behind.join(" "))) {
    const second = splitOne(behind);
    return { first: [...before, link[0].trim(), second.first].join(" "), last: second.last };
  }
  if (isLone) return { first: before.join(" "), last: rest.trim() };
  if (isGivenNames(behind) && !isInitial(before[1] as string)) {
    const start = surnameLength(before);
    if (start < before.length)
      return { first: `${before.slice(start).join(" ")}${rest}`, last: before.slice(0, start).join(" ") };
  }
  const { first, last } = splitOne(before);
  return { first, last: `${last ?? ""}${rest}`.trim() };
}

/** How many words a surname takes that stands first: "de la Cruz" three, "Smith" one. */
function surnameLength(words: string[]): number {
  let length = 0;
  while (length < words.length - 1 && PARTICLES.has(foldWord(words[length] as string))) length++;
  return length + 1;
}

function splitOne(words: string[]): SplitName {
  let end = words.length;
  while (end > 2 && isSuffix(words[end - 1])) end--;
  if (end < 2) return { first: join(words), last: null };
  const [one, two] = words as [string, string];
  const isVanDer = foldWord(one) === "van" && /^de[rn]?$/i.test(two);
  if (isVanDer || LEADING_PARTICLES.has(foldWord(one)) || (foldWord(one) === "del" && end > 2)) {
    const length = Math.min(surnameLength(words), end);
    const last = [...words.slice(0, length), ...words.slice(end)].join(" ");
    return { first: join(words.slice(length, end)), last };
  }
  // "SMITH JOHN W": nobody's surname is an initial, unless the first name is first beyond doubt.
  if (end > 2 && isInitial(words[end - 1] as string) && !isInitial(one) && !isGivenFirst(one, two))
    return { first: join(words.slice(1, end)), last: [one, ...words.slice(end)].join(" ") };
  let start = end - 1;
  while (start > 1 && isParticleAt(words, start - 1)) start--;
  // "Jose Garcia y Vega" has two surnames, "Jose y Maria Garcia" are two owners.
  const y = words.findIndex((word, at) => at > 1 && at === start - 1 && /^[ye]$/.test(word));
  if (y > 1) start = y - 1;
  return { first: join(words.slice(0, start)), last: join(words.slice(start)) };
}

/** "John Smith W": the first word is a first name, and the second is none. */
const isGivenFirst = (one: string, two: string) =>
  FIRST_NAMES.has(foldWord(one)) && !isInitial(two) && !FIRST_NAMES.has(foldWord(two));

const isParticleAt = (words: string[], at: number) => {
  const word = words[at] as string;
  return !(isInitial(word) && !word.endsWith("'")) && PARTICLES.has(foldWord(word));
};
