// Brings an inbound text into the form in which words can be compared: no accents, no case, no punctuation, no emoji.

/** Upper-case words parted by single spaces; apostrophes vanish (DON'T → DONT), all else that is no letter or digit parts words. */
export function normaliseInbound(text: string): string {
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

/** The sentences of a text, normalised, empty ones left out. Commas, dashes and line ends part them too. */
export function splitSentences(text: string): string[] {
  return text
    .split(/[.!?;:,\n\r…¡¿]+|\s[-–—]+\s/u)
    .map(normaliseInbound)
    .filter((sentence) => sentence !== "");
}
