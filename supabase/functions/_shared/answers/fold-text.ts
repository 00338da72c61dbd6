// Reads a text the way a person sees it: look-alike letters become the Latin ones, and what can't be seen goes away.

/** Twilio delivers 1,600 characters at most. What is longer is read from both ends, since wishes stand at either. */
const HEAD = 1_600;
const TAIL = 400;

/** Letters of other scripts and styles that look like Latin ones and that NFKC keeps. Pairs of lists of equal length. */
const LOOK_ALIKES: readonly [string, string][] = [
  ["АВЕКМНОРСТУХЅІЈԚԜ", "ABEKMHOPCTYXSIJQW"],
  ["авекмнорстухѕіјԛԝ", "abekmhopctyxsijqw"],
  ["ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX"],
  ["αβεικνορτυχ", "abeiknoptux"],
  ["ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnoprstuvwyz"],
  ["ıøđłŧȷɑɡ⍺", "iodltjaga"],
];
const LATIN: ReadonlyMap<string, string> = new Map(
  LOOK_ALIKES.flatMap(([from, to]) => {
    const letters = [...to];
    return [...from].map((letter, i): [string, string] => [letter, letters[i] as string]);
  }),
);
/** The first letters of the alphabets of white letters in black circles and squares. */
const BADGES = [0x1f150, 0x1f170];

function toLatin(char: string): string {
  const known = LATIN.get(char);
  if (known !== undefined) return known;
  const code = char.codePointAt(0) as number;
  const first = BADGES.find((start) => code >= start && code < start + 26);
  return first === undefined ? char : String.fromCharCode(65 + code - first);
}

/** At most 2,001 characters of a text: its beginning and its end. */
export function boundText(text: string): string {
  return text.length <= HEAD + TAIL ? text : `${text.slice(0, HEAD)}\n${text.slice(-TAIL)}`;
}

/** A bounded text in plain letters, with its case, punctuation and emoji; accents and invisible characters are gone. */
export function foldText(text: string): string {
  const bounded = boundText(text);
  if (/^[\n\r\x20-\x7e]*$/.test(bounded)) return bounded;
  return bounded
    .normalize("NFKC")
    .normalize("NFD")
    .replace(/\p{M}|\p{Cf}/gu, "")
    .replace(/[‘’´`ʼ]/g, "'")
    .replace(/\P{ASCII}/gu, toLatin);
}
