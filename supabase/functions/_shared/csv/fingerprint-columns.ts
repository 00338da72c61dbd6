// Makes a short text by which files with the same columns are recognised.
import { createHash } from "node:crypto";
import { normaliseHeader } from "./normalise-header.ts";

/** SHA-256, hex. Order, case, accents and punctuation of the names don't change it. */
export function fingerprintColumns(columns: readonly string[]): string {
  const names = columns.map(normaliseHeader).sort();
  return createHash("sha256").update(JSON.stringify(names)).digest("hex");
}
