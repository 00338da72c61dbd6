// Makes the demo's own messy list of owners.
import type { LeadFile } from "./lead-file.ts";
import { makeOwners } from "./make-owners.ts";
import { createRandom } from "./random.ts";
import { writeOwnersCsv } from "./write-owners-csv.ts";

/** The same count and seed make the same file, byte for byte. */
export function makeLeadFile(count: number, seed: number): LeadFile {
  const random = createRandom(seed);
  const owners = makeOwners(count, random);
  const ofKind = (kind: string) => owners.filter((owner) => owner.kind === kind).length;
  return {
    name: "owners.csv",
    bytes: writeOwnersCsv(owners, random),
    expected: { rows: count, rejected: ofKind("rejected"), duplicates: ofKind("duplicate") },
  };
}
