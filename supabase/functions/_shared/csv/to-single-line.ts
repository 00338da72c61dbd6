// A text as one line, as the database holds names, addresses and the names of columns.

/** Runs of white space and control characters, line breaks among them, become one blank. */
export function toSingleLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, " ");
}
