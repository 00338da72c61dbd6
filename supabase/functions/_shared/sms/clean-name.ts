// Makes a person's name fit to be greeted by: "Hola Maria," and never "Hola Maria del,", "Hola Mary Ann &," or "Hola Mr.,".
import { CONNECTORS, foldWord, PARTICLES, TITLES, TITLES_WITH_POINT } from "../leads/name-words.ts";
import { lengthWithin } from "./clean-value.ts";

/** Written where a name is missing. None and Na are names if they are written like this. */
const NO_NAMES = new Set(
  `n/a|n.a|n.a.|na|nan|null|(null)|nil|none|undefined|unknown|unk|not available|no name|sin nombre|desconocido|desconocida|ninguno
blank|owner|resident|occupant|current owner|current resident|property owner`.split(/[|\n]/),
);
const NAMES_LIKE_THESE = /^(?:Na|None|Null|Nil)$/;

const isTitle = (word: string) =>
  TITLES.has(foldWord(word)) || (word.endsWith(".") && TITLES_WITH_POINT.has(foldWord(word)));
const isLoose = (word: string) => CONNECTORS.has(foldWord(word)) || !/[\p{L}\p{N}]/u.test(word);

/**
 * @param name from cleanValue, of any length
 * @param isFirst whether it is a first name: that may not end in a particle, even if nothing was cut off
 * @returns the name without titles, at most `maxLength` long and cut between words; "" if it names nobody, or its first word is
 *   too long
 */
export function cleanName(name: string, maxLength: number, isFirst: boolean): string {
  if (NO_NAMES.has(name.toLowerCase()) && !NAMES_LIKE_THESE.test(name)) return "";
  const given = name.split(" ");
  const words = [...given];
  while (
    words.length > 0 &&
    (isTitle(words[0] as string) || (words.length < given.length && isLoose(words[0] as string)))
  )
    words.shift();
  const whole = words.join(" ");
  if (!/[\p{L}\p{N}]/u.test(whole)) return "";
  const end = lengthWithin(whole, maxLength);
  const isCut = end < whole.length;
  return isCut || isFirst || /(?:[,;&/-]|[ ](?:and|or|with))$/i.test(whole)
    ? dropLooseEnd(wordsWithin(whole, end), isCut || isFirst)
    : whole;
}

/** The words that are whole within the first `end` characters. A double name may be cut at its hyphen. */
function wordsWithin(name: string, end: number): string {
  if (end === name.length || /[ -]/.test(name[end] as string)) return name.slice(0, end);
  const head = name.slice(0, end);
  return head.slice(0, Math.max(head.lastIndexOf(" "), head.lastIndexOf("-"), 0));
}

function dropLooseEnd(name: string, withParticles: boolean): string {
  const words = name.split(" ");
  for (;;) {
    const last = words.at(-1);
    if (last === undefined) return "";
    const isParticle = withParticles && words.length > 1 && PARTICLES.has(foldWord(last));
    if (
      !isParticle &&
      !(isLoose(last) && (words.length > 1 || !/\p{L}/u.test(last) || /^(?:and|or|with|et)$/i.test(last)))
    )
      break;
    words.pop();
  }
  const kept = words
    .join(" ")
    .replace(/[,;:&/-]$/, "")
    .trimEnd();
  // Half a pair of brackets or quotation marks.
  const open = Math.max(kept.lastIndexOf("("), kept.lastIndexOf(' "'));
  const isOpen =
    open > 0 && (kept[open] === "(" ? !kept.includes(")", open) : kept.indexOf('"', open + 2) === -1);
  return isOpen ? dropLooseEnd(kept.slice(0, open).trimEnd(), withParticles) : kept;
}
