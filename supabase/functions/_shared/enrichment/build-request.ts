// Builds the request to a service: its template, filled with a parcel's fields or with phones.
import type { ExternalRequest } from "../external/exchange-http.ts";
import { ExternalError } from "../external/external-error.ts";
import type { EnrichmentService } from "./service.ts";

export type TemplateValues = Record<string, string | number | string[] | null>;

/** The names in braces that a template asks for. */
export function placeholdersOf(template: unknown): string[] {
  const text = JSON.stringify(template) ?? "";
  return [...new Set([...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string))];
}

/**
 * A text that is only a placeholder becomes the value itself (a number, a list); within a longer text, the value becomes text.
 * @throws ExternalError skipped if a value that the template asks for is not known
 */
export function fillTemplate(template: unknown, values: TemplateValues): unknown {
  if (Array.isArray(template)) return template.map((part) => fillTemplate(part, values));
  if (typeof template === "object" && template !== null)
    return Object.fromEntries(
      Object.entries(template).map(([key, part]) => [key, fillTemplate(part, values)]),
    );
  if (typeof template !== "string") return template;
  const whole = /^\{(\w+)\}$/.exec(template)?.[1];
  if (whole !== undefined) return require(whole, values);
  return template.replace(/\{(\w+)\}/g, (_text, name) => [require(name, values)].flat().join(","));
}

function require(name: string, values: TemplateValues): string | number | string[] {
  const value = Object.hasOwn(values, name) ? values[name] : null;
  if (value === null || value === undefined)
    throw new ExternalError("skipped", `The service asks for ${name}, which is not known.`, {
      isCharged: false,
    });
  return value;
}

/** The request of one call, with the secret in its header. */
export function buildRequest(
  service: Pick<EnrichmentService, "url" | "method" | "request" | "secret_header" | "secret">,
  values: TemplateValues,
): { url: string; init: ExternalRequest } {
  const filled = fillTemplate(service.request, values) as Record<string, unknown>;
  const headers: Record<string, string> = { accept: "application/json" };
  if (service.secret !== null) headers[service.secret_header] = service.secret;
  if (service.method === "POST") {
    headers["content-type"] = "application/json";
    return { url: service.url, init: { method: "POST", headers, body: JSON.stringify(filled) } };
  }
  const url = new URL(service.url);
  for (const [key, value] of Object.entries(filled)) url.searchParams.set(key, [value].flat().join(","));
  return { url: url.href, init: { method: "GET", headers } };
}
