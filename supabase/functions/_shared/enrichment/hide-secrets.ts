// Takes out of a text what a service is told in confidence: its secret, and what stands in its URL's path and query and in its request.
import type { EnrichmentService } from "./service.ts";

type Told = Pick<EnrichmentService, "url" | "request" | "secret">;

/** Shorter ones are words like "json" or "TX", which say nothing and stand everywhere. */
const MIN_LENGTH = 8;

/**
 * The text with each of these replaced by `[hidden]`, as it is and as a URL or JSON writes it.
 * @param most so many characters of the text are kept; what begins among them is hidden whole
 */
export function hideSecrets(service: Told, text: string, most: number): string {
  const hidden = new Set<string>();
  for (const value of confidentialValues(service)) {
    if (value.length < MIN_LENGTH) continue;
    for (const form of [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)])
      hidden.add(form);
  }
  // How far each place is hidden: the longest of those that begin there.
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
 * Where `sought` begins in a text. By Knuth, Morris and Pratt, since the engine's own search takes the product of both lengths where
 * whoever wrote both wants it to.
 */
function findAll(text: string, sought: string): number[] {
  // How much of the beginning stands again at the end of each beginning.
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
    // Keys stand in paths too.
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
