// Tells files of the same columns by one short text.
import { createHash } from "node:crypto";
import { foldHeader } from "./fold-header.ts";

/** SHA-256, hex. The same whatever the order, case, accents and punctuation of the names. */
export function fingerprintColumns(columns: readonly string[]): string {
  const names = columns.map(foldHeader).sort();
  return createHash("sha256").update(JSON.stringify(names)).digest("hex");
}
