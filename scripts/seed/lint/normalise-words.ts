// Normalises a text so that words can be compared: no accents, no case, no punctuation, no emoji.

/**
 * Upper-case words with single spaces between. Apostrophes are removed (DON'T → DONT); everything else that is not a letter or
 * digit separates words.
 */
export function normaliseWords(text: string): string {
  const plain = text
    .normalize("NFD")
    .replace(/\p{M}+/gu, "")
    .replace(/['’‘`´]/g, "")
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, " ")
    .trim();
  // "S T O P" and "s.t.o.p" are one word.
  return /^[A-Z](?: [A-Z]){2,}$/.test(plain) ? plain.replaceAll(" ", "") : plain;
}
