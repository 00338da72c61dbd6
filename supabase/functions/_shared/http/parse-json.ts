// JSON of which nobody knows yet whether it is any.

/** @returns the value, or undefined if the text is no JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
