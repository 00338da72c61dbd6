// Cuts a text into grapheme clusters exactly as Twilio's segment calculator does: a segment never splits a cluster.
import { GRAPHEME_BREAK_RUNS } from "./grapheme-break.generated.ts";

// One letter per class, as in the generated table; Hangul syllables become Y (LV) or W (LVT).
const starts: number[] = [];
const classes: string[] = [];
let next = 0;
for (const [, length, letter] of GRAPHEME_BREAK_RUNS.matchAll(/(?<![0-9a-z])([0-9a-z]+)([A-Z])/g)) {
  starts.push(next);
  classes.push(letter as string);
  next += Number.parseInt(length as string, 36);
}

function classOf(codePoint: number): string {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] as number) <= codePoint) low = middle;
    else high = middle - 1;
  }
  const letter = classes[low] as string;
  return letter === "H" ? ((codePoint - 0xac00) % 28 === 0 ? "Y" : "W") : letter;
}

/** Whether emoji modifier M joins this cluster. It is as narrow as the calculator on purpose: one extender at most. */
function takesModifier(cluster: string): boolean {
  const lastExtender = cluster.lastIndexOf("E");
  const base = lastExtender === -1 ? cluster.length - 1 : lastExtender - 1;
  return /^[BA]E?$/.test(cluster.slice(Math.max(base, 0)));
}

/**
 * Whether the class `letter` begins a new cluster after the classes in `cluster` (UAX #29, Unicode 10, including the
 * calculator's own departures from it, which exhaustive comparison shows: see the test).
 */
function breaksBefore(cluster: string, letter: string): boolean {
  const previous = cluster[cluster.length - 1] as string;
  const lastRegional = cluster.lastIndexOf("R");
  if (
    lastRegional > 0 &&
    previous !== "P" &&
    previous !== "R" &&
    /^R*$/.test(cluster.slice(1, lastRegional))
  ) {
    return true;
  }
  if (previous === "C" || letter === "C") return true;
  if (previous === "L" && /[LVYW]/.test(letter)) return false;
  if (/[YV]/.test(previous) && /[VT]/.test(letter)) return false;
  if (/[WT]/.test(previous) && letter === "T") return false;
  if (/[EZS]/.test(letter) || previous === "P") return false;
  if (letter === "M" && takesModifier(cluster)) return false;
  if (previous === "Z" && /[GA]/.test(letter)) return false;
  if (cluster.includes("R") && lastRegional > 0) return true;
  return !(previous === "R" && letter === "R");
}

/** Lengths, in UTF-16 units, of the text's grapheme clusters in order. CR and LF are clusters of their own. */
export function graphemeLengths(text: string): number[] {
  const lengths: number[] = [];
  let cluster = "";
  let length = 0;
  for (const char of text) {
    const letter = classOf(char.codePointAt(0) as number);
    if (cluster !== "" && breaksBefore(cluster, letter)) {
      lengths.push(length);
      cluster = "";
      length = 0;
    }
    cluster += letter;
    length += char.length;
  }
  if (cluster !== "") lengths.push(length);
  return lengths;
}
