// Which origins a browser may call us from: those of ALLOWED_ORIGINS, and no header for any other.
import type { Environment } from "../env.ts";

const DEFAULT_ORIGINS = "http://localhost:3000";
// Those of supabase-js, and our own.
const REQUEST_HEADERS =
  "authorization, apikey, content-type, x-client-info, x-retry-count, x-region, x-request-id, x-api-key, idempotency-key";
const ANSWER_HEADERS = "x-request-id, retry-after";

/** Whether ALLOWED_ORIGINS (comma list; `https://*.example.com` allows each direct sub-domain) names the origin. */
export function isAllowedOrigin(origin: string, allowed: string): boolean {
  return allowed.split(",").some((entry) => {
    const pattern = entry.trim().replace(/\/+$/, "");
    if (!pattern.includes("*")) return pattern === origin;
    // One star, as the first label and before at least two more: `https://*.com` would let the whole world in.
    const wildcard = /^(https?:\/\/)\*((?:\.[\w-]+){2,}(?::\d+)?)$/.exec(pattern);
    if (wildcard === null) return false;
    const [, scheme = "", rest = ""] = wildcard;
    const label = origin.slice(scheme.length, -rest.length);
    return origin.startsWith(scheme) && origin.endsWith(rest) && /^[a-z0-9-]+$/i.test(label);
  });
}

/** Adds to an answer what lets the request's origin read it. Answers differ by origin, so caches must too. */
export function allowOrigin(request: Request, headers: Headers, env: Environment): void {
  headers.append("vary", "Origin");
  const origin = request.headers.get("origin");
  if (origin === null || !isAllowedOrigin(origin, env.get("ALLOWED_ORIGINS") ?? DEFAULT_ORIGINS)) return;
  headers.set("access-control-allow-origin", origin);
  headers.set("access-control-expose-headers", ANSWER_HEADERS);
  if (request.method === "OPTIONS") {
    headers.set("access-control-allow-headers", REQUEST_HEADERS);
    headers.set("access-control-allow-methods", "GET, POST, PUT, PATCH, DELETE");
    headers.set("access-control-max-age", "600");
  }
}
