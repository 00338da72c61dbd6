// Tells files of the same columns by one short text.
import { createHash } from "node:crypto";
import { normaliseHeader } from "./normalise-header.ts";

/** SHA-256, hex. The same whatever the order, case, accents and punctuation of the names. */
export function fingerprintColumns(columns: readonly string[]): string {
  const names = columns.map(normaliseHeader).sort();
  return createHash("sha256").update(JSON.stringify(names)).digest("hex");
}
