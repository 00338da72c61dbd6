// Headers of every answer: nothing of it is a page, nothing of it may be kept or guessed at.

/** Sets them on an answer, over whatever a route set for caching. */
export function setSecurityHeaders(headers: Headers): void {
  headers.set("cache-control", "no-store");
  headers.set("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
  headers.set("referrer-policy", "no-referrer");
  headers.set("strict-transport-security", "max-age=63072000; includeSubDomains");
  headers.set("x-content-type-options", "nosniff");
  headers.set("x-frame-options", "DENY");
}
