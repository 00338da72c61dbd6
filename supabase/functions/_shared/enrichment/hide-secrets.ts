// Takes out of a text what a service is told in confidence: its secret, and what stands in its URL's path and query and in its request.
import type { EnrichmentService } from "./service.ts";

type Told = Pick<EnrichmentService, "url" | "request" | "secret">;

/** Shorter ones are words like "json" or "TX", which say nothing and stand everywhere. */
const MIN_LENGTH = 8;

/** The text with each of these replaced by `[hidden]`, as it is and as a URL or JSON writes it. */
export function hideSecrets(service: Told, text: string): string {
  const hidden = new Set<string>();
  for (const value of confidentialValues(service)) {
    if (value.length < MIN_LENGTH) continue;
    for (const form of [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)])
      hidden.add(form);
  }
  // The longest first: "Bearer abc" before "abc".
  const inOrder = [...hidden].sort((a, b) => b.length - a.length);
  return inOrder.reduce((rest, value) => rest.replaceAll(value, "[hidden]"), text);
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
