// Counts what a text costs to send: its encoding and its number of SMS segments.
import { gsmCost } from "./gsm-alphabet.ts";
import { graphemeLengths } from "./split-graphemes.ts";

export type Encoding = "GSM-7" | "UCS-2";

export interface SegmentCount {
  encoding: Encoding;
  segments: number;
  /** Size in the encoding's own units: septets for GSM-7, UTF-16 units for UCS-2. */
  units: number;
}

/** In a message of several parts, a header that joins them takes 6 octets of each: 160 → 153 and 70 → 67 units. */
const LIMITS = { "GSM-7": { single: 160, part: 153 }, "UCS-2": { single: 70, part: 67 } } as const;

/** From this code unit on, characters may join their neighbours (combining marks, emoji, surrogates); below it none does. */
const FIRST_JOINING = 0x300;

/** Parts needed if pieces of these sizes must stay whole. Only for a text that does not fit a single message. */
function countParts(sizes: Iterable<number>, part: number): number {
  let parts = 1;
  let used = 0;
  for (const size of sizes) {
    if (used + size > part && used > 0) {
      parts++;
      used = 0;
    }
    used += size;
  }
  return parts;
}

function* gsmCosts(text: string): Generator<number> {
  for (let i = 0; i < text.length; i++) yield gsmCost(text.charCodeAt(i));
}

function countUcs2(text: string): SegmentCount {
  const { single, part } = LIMITS["UCS-2"];
  const units = text.length;
  if (units <= single) return { encoding: "UCS-2", segments: 1, units };
  let joining = false;
  for (let i = 0; i < units && !joining; i++) joining = text.charCodeAt(i) >= FIRST_JOINING;
  const segments = joining ? countParts(graphemeLengths(text), part) : Math.ceil(units / part);
  return { encoding: "UCS-2", segments, units };
}

/**
 * Encoding, segments and units of a text as Twilio's own calculator counts them. An empty text is one segment. Give it
 * text as it will be sent: NFC and LF line ends, which is how templates render; á í ó ú are not in GSM-7 and turn the
 * whole message into UCS-2, é ñ ü ¿ ¡ are.
 */
export function countSegments(text: string): SegmentCount {
  const { single, part } = LIMITS["GSM-7"];
  let units = 0;
  for (let i = 0; i < text.length; i++) {
    const cost = gsmCost(text.charCodeAt(i));
    if (cost === 0) return countUcs2(text);
    units += cost;
  }
  if (units <= single) return { encoding: "GSM-7", segments: 1, units };
  // An escape sequence is never cut in two, so the position of each character matters only if there is one.
  const segments = units === text.length ? Math.ceil(units / part) : countParts(gsmCosts(text), part);
  return { encoding: "GSM-7", segments, units };
}
