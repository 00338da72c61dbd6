// Takes off a text what is not the person's: a phone's words of a reaction (Liked “…”), quoted mail, and our own words.
import { foldText } from "./fold-text.ts";

export type Reaction = "liked" | "disliked" | "reaction";

export interface Stripped {
  /** What the person wrote, folded (see foldText). */
  text: string;
  reaction: Reaction | null;
  /** The words by which it was recognised; "" without a reaction. */
  wrapper: string;
  /** Whether words of ours were taken off. */
  hadOurs: boolean;
}

const VERBS: readonly [Reaction, string][] = [
  [
    "liked",
    "LIKED|LOVED|EMPHASIZED|EMPHASISED|HEARTED|LE GUSTO|LE ENCANTO|ME ENCANTO|ME ENCANTA|ME GUSTA|ME " +
      "GUSTO|TE GUSTO|LE DIO ME GUSTA A|" +
      "LE HA GUSTADO|LE HA ENCANTADO|HA INDICADO QUE LE GUSTA|HA ENFATIZADO|HA DESTACADO|" +
      "DIO ME GUSTA A|ENFATIZO|DESTACO|RESALTO|LE DIO LIKE A|AMO|GUSTO|ENCANTO",
  ],
  [
    "disliked",
    "DISLIKED|NO LE GUSTO|NO ME GUSTA|NO ME GUSTO|LE DISGUSTO|DISGUSTO|LE DIO NO ME GUSTA A|NO LE HA GUSTADO|HA INDICADO QUE NO LE GUSTA",
  ],
  [
    "reaction",
    "LAUGHED AT|QUESTIONED|SE RIO DE|LE DIO RISA|PREGUNTO POR|PREGUNTO SOBRE|CUESTIONO|PUSO EN DUDA|" +
      "DUDO DE|JA JA A|SE RIO CON|SE HA REIDO CON|SE HA REIDO DE|HA PREGUNTADO POR|HA PREGUNTADO SOBRE|HA CUESTIONADO",
  ],
];
/** Longest first, so that "no le gustó" is not "le gustó". */
const BY_LENGTH = VERBS.flatMap(([reaction, verbs]) =>
  verbs.split("|").map((verb) => ({ reaction, verb })),
).sort((a, b) => b.verb.length - a.verb.length);
const THINGS =
  /^(?:an?|the|una?|el|la|su|your) (?:attached )?(?:image|photo|picture|message|video|movie|attachment|sticker|contact|link|location|audio message|foto|imagen|mensaje|video|adjunto|ubicacion|fotografia|sticker)s?[\s.!]*$/i;
const REACTED = /^(?:ha )?(?:reacted|reacciono|reaccionado|reacciona)(?: with| con)? (?=\S)/i;
const REMOVED =
  /^(?:removed|elimino|quito|retiro|ha eliminado|ha quitado) (?:an? |una? |el |la |su )?(?:[a-z]+ ){0,3}?(?=from |de |del |a |\P{ASCII})/iu;
const PICTURES = /^[\p{Extended_Pictographic}\p{Emoji_Modifier}\s]+/u;
const PHRASAL = /^\s*(?:to|a|from|de|en|at)\s+/i;
const OPENING = /^["“”«„'‘]/;
const BAD = /👎|😡|🤬|🖕|🤮|😠|💩|😤|🙄|😒/u;
const GOOD = /👍|❤|♥|😍|🥰|😊|🙂|😀|😃|😄|🎉|🙏|👏|💯|🔥|😘|💙|💚|💛|🧡|💜|🤝|👌|‼|❗|💪|🤩|😁|🥳|✅|🤗/u;
const SIGNATURE =
  /^(?:Sent from (?!my car|carplay)[^\n]{2,40}|Get Outlook[^\n]{0,40}|Enviado desde [^\n]{2,40})$/gim;
const GRAM = 4;

/** What follows a reaction's words must be a quotation, a thing, or words of ours. */
function readQuotation(rest: string, ours: ReadonlySet<string>): string | undefined {
  const text = rest.trim();
  if (THINGS.test(text)) return "";
  if (OPENING.test(text)) {
    // Not at its last mark if that is an apostrophe of the person's own words.
    const end = Math.max(
      text.lastIndexOf("”"),
      text.lastIndexOf('"'),
      text.lastIndexOf("»"),
      text.lastIndexOf("“"),
    );
    return end > 0 ? text.slice(end + 1) : "";
  }
  const words = wordsIn(text);
  return words.length >= 2 && words.slice(0, GRAM).length === GRAM && ours.has(words.slice(0, GRAM).join(" "))
    ? takeOursOff(text, ours).text
    : undefined;
}

function readReaction(text: string, ours: ReadonlySet<string>): Omit<Stripped, "hadOurs"> | undefined {
  const trimmed = text.trim();
  const removed = REMOVED.exec(trimmed);
  if (removed) {
    const rest = trimmed.slice(removed[0].length).replace(PICTURES, "").replace(PHRASAL, "");
    const after = readQuotation(rest, ours);
    if (after !== undefined) return { text: after, reaction: "reaction", wrapper: "removed" };
  }
  const reacted = REACTED.exec(trimmed)?.[0] ?? "";
  const picture = PICTURES.exec(trimmed.slice(reacted.length))?.[0] ?? "";
  if (picture !== "") {
    const rest = trimmed.slice(reacted.length + picture.length);
    const link = PHRASAL.exec(rest)?.[0];
    const after = link === undefined ? undefined : readQuotation(rest.slice(link.length), ours);
    if (after !== undefined) {
      const reaction = BAD.test(picture) ? "disliked" : GOOD.test(picture) ? "liked" : "reaction";
      return { text: after, reaction, wrapper: picture.trim() };
    }
  }
  const upper = trimmed.slice(0, 40).toUpperCase();
  const found = BY_LENGTH.find(({ verb }) => upper.startsWith(`${verb} `));
  if (!found) return undefined;
  const after = readQuotation(trimmed.slice(found.verb.length), ours);
  return after === undefined ? undefined : { text: after, reaction: found.reaction, wrapper: found.verb };
}

const wordsIn = (text: string): string[] =>
  text
    .replace(/'/g, "")
    .toUpperCase()
    .match(/[A-Z0-9]+/g) ?? [];

/** Whether a line opens the quotation of a mail: "On Monday, Acme wrote:", "-----Original Message-----", "From: Acme". */
function opensMail(line: string): boolean {
  if (/^-{2,} ?(?:Original|Forwarded|Mensaje)/i.test(line) || /^(?:From|De|Enviado|Sent): /.test(line))
    return true;
  return /^(?:On|El|Le) /i.test(line) && /\b(?:wrote|escribio|a ecrit):/i.test(line.slice(0, 240));
}

/** A text up to the first line that opens the quotation of a mail, if anything stands before it. */
function takeMailOff(text: string): string {
  const lines = text.split("\n");
  const at = lines.findIndex((line, i) => opensMail(line) || opensMail(`${line} ${lines[i + 1] ?? ""}`));
  const own = lines.slice(0, Math.max(at, 0)).join("\n");
  return own.trim() === "" ? text : own;
}

/** Every four words in a row of what we sent. */
function gramsOf(sent: readonly string[]): Set<string> {
  const grams = new Set<string>();
  for (const text of sent.slice(0, 3)) {
    const words = wordsIn(foldText(text));
    for (let i = 0; i + GRAM <= words.length; i++) grams.add(words.slice(i, i + GRAM).join(" "));
  }
  return grams;
}

/** A text without the runs of four words or more that we wrote. */
function takeOursOff(text: string, ours: ReadonlySet<string>): { text: string; hadOurs: boolean } {
  if (ours.size === 0) return { text, hadOurs: false };
  const found = [...text.matchAll(/[A-Za-z0-9']+/g)];
  const words = found.map(([word]) => word.replace(/'/g, "").toUpperCase());
  const isOurs = words.map(() => false);
  for (let i = 0; i + GRAM <= words.length; i++)
    if (ours.has(words.slice(i, i + GRAM).join(" "))) isOurs.fill(true, i, i + GRAM);
  if (!isOurs.includes(true)) return { text, hadOurs: false };
  let kept = "";
  let at = 0;
  found.forEach(({ index, 0: word }, i) => {
    kept += isOurs[i] ? `${text.slice(at, index)}\n` : text.slice(at, index + word.length);
    at = index + word.length;
  });
  return { text: kept + text.slice(at), hadOurs: true };
}

/**
 * @param folded the text, folded
 * @param sent what we last sent to this person, the newest first; three texts are looked at
 */
export function stripQuotations(folded: string, sent: readonly string[]): Stripped {
  const ours = gramsOf(sent);
  const reaction = readReaction(folded, ours);
  let text = takeMailOff(reaction?.text ?? folded);
  const unquoted = text.replace(/^ ?>[^\n]*$/gm, "").replace(SIGNATURE, "");
  if (/[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(unquoted)) text = unquoted;
  const own = takeOursOff(text, ours);
  return { ...own, reaction: reaction?.reaction ?? null, wrapper: reaction?.wrapper ?? "" };
}
