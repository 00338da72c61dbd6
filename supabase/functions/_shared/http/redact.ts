// Removes from a line of log what must never be in one: tokens, keys, passwords in URLs, phone numbers.

const SECRETS: readonly [RegExp, string][] = [
  // "eyJ" begins JSON in base64, as in a token. Requiring all three parts would make the pattern search on from every such place.
  [/eyJ[\w-]+(?:\.[\w-]+\.[\w-]*)?/g, "[token]"],
  [/\bsb_(secret|publishable)_[\w-]+/g, "sb_$1_[key]"],
  [/\bct_[\w-]{8,}/g, "ct_[key]"],
  [/(?<!\w)(\w+:\/\/[^\s:/@]+):(?:(?!:\/\/)[^\s@])+@/g, "$1:[password]@"],
  [/\b(AC|SK)[0-9a-f]{32}\b/g, "$1[sid]"],
  [/\b[0-9a-f]{32}\b/g, "[hex]"],
  [/\+\d{8,15}\b/g, "[phone]"],
  [/(?<![\w-])\(?\d{3}\)?[ .-]?\d{3}[ .-]?\d{4}(?![\w-])/g, "[phone]"],
];

/** The text with every secret and phone number replaced by its kind. */
export function redact(text: string): string {
  return SECRETS.reduce((line, [pattern, kind]) => line.replace(pattern, kind), text);
}
