// Makes a text one line, as the database requires of names, addresses and the names of columns.

/** Each run of white space and control characters, including line breaks, becomes one blank. */
export function toSingleLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, " ");
}
