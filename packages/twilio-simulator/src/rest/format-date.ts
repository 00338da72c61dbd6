// Twilio's two date formats.

let cachedSecond = -1;
let cachedText = "";

/** RFC 2822 in UTC, as the 2010 API writes dates. Takes ms since 1970; the last second is kept, as most dates repeat. */
export function formatRfc2822(at: number): string {
  const second = Math.floor(at / 1000);
  if (second !== cachedSecond) {
    cachedSecond = second;
    cachedText = new Date(at).toUTCString().replace("GMT", "+0000");
  }
  return cachedText;
}

/** ISO 8601 without milliseconds, as the v1 APIs write dates. Takes ms since 1970. */
export function formatIso8601(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
