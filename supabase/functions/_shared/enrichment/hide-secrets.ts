// Removes from a text what a service is sent in confidence: its secret, and values of its URL's path and query and its request.
import type { EnrichmentService } from "./service.ts";

type Told = Pick<EnrichmentService, "url" | "request" | "secret">;

/** Shorter values are words such as "json" or "TX", which are no secret and occur everywhere. */
const MIN_LENGTH = 8;

/**
 * Replaces each of these by `[hidden]`, also in the form in which a URL or JSON writes it.
 * @param most how many characters of the text are kept; a value that begins among them is hidden whole
 */
export function hideSecrets(service: Told, text: string, most: number): string {
  const hidden = new Set<string>();
  for (const value of confidentialValues(service)) {
    if (value.length < MIN_LENGTH) continue;
    for (const form of [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)])
      hidden.add(form);
  }
  // Start of a hidden part to its end: that of the longest value that begins there.
  const hiddenTo = new Map<number, number>();
  for (const value of hidden) {
    for (const at of findAll(text.slice(0, most + value.length), value))
      hiddenTo.set(at, Math.max(hiddenTo.get(at) ?? 0, at + value.length));
  }
  let kept = "";
  let from = 0;
  for (const [at, to] of [...hiddenTo].sort(([a], [b]) => a - b)) {
    if (at >= from) kept += `${text.slice(from, at)}[hidden]`;
    from = Math.max(from, to);
  }
  return (kept + text.slice(from, most)).slice(0, most);
}

/**
 * Every place at which `sought` begins in a text. By the algorithm of Knuth, Morris and Pratt: the engine's own search can take
 * time in proportion to the product of both lengths, if somebody chooses both texts for that.
 */
function findAll(text: string, sought: string): number[] {
  // For each prefix of `sought`: the length of its longest proper prefix that is also its suffix.
  const again = new Uint32Array(sought.length);
  for (let i = 1, k = 0; i < sought.length; i++) {
    while (k > 0 && sought.charCodeAt(i) !== sought.charCodeAt(k)) k = again[k - 1] as number;
    if (sought.charCodeAt(i) === sought.charCodeAt(k)) k += 1;
    again[i] = k;
  }
  const found: number[] = [];
  for (let i = 0, k = 0; i < text.length; i++) {
    while (k > 0 && text.charCodeAt(i) !== sought.charCodeAt(k)) k = again[k - 1] as number;
    if (text.charCodeAt(i) === sought.charCodeAt(k)) k += 1;
    if (k === sought.length) {
      found.push(i - k + 1);
      k = again[k - 1] as number;
    }
  }
  return found;
}

function* confidentialValues({ url, request, secret }: Told): Iterable<string> {
  if (secret !== null) yield* [secret, ...secret.split(" ")];
  if (URL.canParse(url)) {
    const { pathname, searchParams } = new URL(url);
    // Keys may be in paths too.
    yield* searchParams.values();
    yield* pathname.split("/");
  }
  yield* constantsOf(request);
}

/** Texts of a template that nothing is filled into. */
function* constantsOf(template: unknown): Iterable<string> {
  if (typeof template === "string" && !/\{\w+\}/.test(template)) yield template;
  else if (typeof template === "object" && template !== null)
    for (const part of Object.values(template)) yield* constantsOf(part);
}
