// Headers of every answer: it is not a page, must not be cached, and its type must not be guessed.

/** Sets them on an answer, over whatever a route set for caching. */
export function setSecurityHeaders(headers: Headers): void {
  headers.set("cache-control", "no-store");
  headers.set("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
  headers.set("referrer-policy", "no-referrer");
  headers.set("strict-transport-security", "max-age=63072000; includeSubDomains");
  headers.set("x-content-type-options", "nosniff");
  headers.set("x-frame-options", "DENY");
}
