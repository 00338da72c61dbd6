// CORS: browsers may call us from the origins in ALLOWED_ORIGINS. Requests from other origins get no CORS header.
import type { Environment } from "../environment/environment.ts";

const DEFAULT_ORIGINS = "http://localhost:3000";
// The headers that supabase-js sends, and those of our own API.
const REQUEST_HEADERS =
  "authorization, apikey, content-type, x-client-info, x-retry-count, x-region, x-request-id, idempotency-key";
const ANSWER_HEADERS = "x-request-id, retry-after";

type Matches = (origin: string) => boolean;

/** Adds to an answer the headers by which the request's origin may read it. Answers differ by origin, so caches must, too. */
export function allowOrigin(request: Request, headers: Headers, env: Environment): void {
  headers.append("vary", "Origin");
  const origin = request.headers.get("origin");
  if (origin === null || !allowedOrigins(env.get("ALLOWED_ORIGINS") ?? DEFAULT_ORIGINS)(origin)) return;
  headers.set("access-control-allow-origin", origin);
  headers.set("access-control-expose-headers", ANSWER_HEADERS);
  if (request.method === "OPTIONS") {
    headers.set("access-control-allow-headers", REQUEST_HEADERS);
    headers.set("access-control-allow-methods", "GET, POST, PUT, PATCH, DELETE");
    headers.set("access-control-max-age", "600");
  }
}

let known: { list: string; matches: Matches } | undefined;

/**
 * @param list comma list of origins; `https://*.example.com` stands for every direct sub-domain. An entry that can't be
 *   read allows no origin, and the log names it once
 */
export function allowedOrigins(list: string): Matches {
  if (known?.list === list) return known.matches;
  const entries = list
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
  const rules = entries.map((entry) => {
    const rule = readEntry(entry);
    if (rule === undefined)
      console.warn(`ALLOWED_ORIGINS: ${entry} is no origin such as https://app.example.com: ignored`);
    return rule;
  });
  const matches: Matches = (origin) => rules.some((rule) => rule?.(origin));
  known = { list, matches };
  return matches;
}

function readEntry(entry: string): Matches | undefined {
  const plain = entry.replace(/\/$/, "");
  if (/^https?:\/\/[\w.-]+(:\d+)?$/.test(plain)) return (origin) => origin === plain;
  // One star, as the first label and before at least two more: `https://*.com` would let the whole world in.
  const [, scheme, rest] = /^(https?:\/\/)\*((?:\.[\w-]+){2,}(?::\d+)?)$/.exec(plain) ?? [];
  if (scheme === undefined || rest === undefined) return undefined;
  return (origin) => {
    const isInside = origin.startsWith(scheme) && origin.endsWith(rest);
    return isInside && /^[a-z0-9-]+$/i.test(origin.slice(scheme.length, -rest.length));
  };
}
