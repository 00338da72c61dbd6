// Reads the content-disposition header of a part of a form, as browsers, curl and libraries write it (RFC 7578, 4.2).

export interface Disposition {
  /** Lower case: form-data. */
  type: string;
  /** By name in lower case; if a name is repeated, the first one counts. */
  parameters: Map<string, string>;
}

/** Reads character by character, so that text in quotation marks is never taken for a parameter. */
export function readDisposition(header: string): Disposition {
  const semicolon = header.indexOf(";");
  const type = (semicolon === -1 ? header : header.slice(0, semicolon)).trim().toLowerCase();
  const parameters = new Map<string, string>();
  let at = semicolon === -1 ? header.length : semicolon + 1;
  while (at < header.length) {
    let equals = at;
    while (equals < header.length && header[equals] !== "=" && header[equals] !== ";") equals++;
    if (header[equals] !== "=") {
      at = equals + 1;
      continue;
    }
    const name = header.slice(at, equals).trim().toLowerCase();
    const value = readValue(header, equals + 1);
    if (!parameters.has(name)) parameters.set(name, readEscapes(value.text));
    const next = header.indexOf(";", value.next);
    at = next === -1 ? header.length : next + 1;
  }
  return { type, parameters };
}

/** Reads a text in quotation marks, with backslash escapes; without quotation marks, everything up to the semicolon. */
function readValue(header: string, from: number): { text: string; next: number } {
  let at = from;
  while (header[at] === " " || header[at] === "\t") at++;
  if (header[at] !== '"') {
    const semicolon = header.indexOf(";", at);
    const end = semicolon === -1 ? header.length : semicolon;
    return { text: header.slice(at, end).trim(), next: end };
  }
  let text = "";
  for (at += 1; at < header.length && header[at] !== '"'; at++) {
    // Some browsers sent whole Windows paths: a backslash before any other character is a plain backslash.
    if (header[at] === "\\" && (header[at + 1] === '"' || header[at + 1] === "\\")) at++;
    text += header[at];
  }
  return { text, next: Math.min(at + 1, header.length) };
}

/** Browsers write a quotation mark in a name as %22 and line breaks as %0D and %0A; line breaks become spaces. */
function readEscapes(value: string): string {
  return value.replaceAll("%22", '"').replace(/%0D|%0A/gi, " ");
}
