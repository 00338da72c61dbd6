// Reads the file given with --csv. Before anything is started, it refuses a file that the import would refuse.
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { checkMapping } from "../../supabase/functions/_shared/csv/check-mapping.ts";
import { decode } from "../../supabase/functions/_shared/csv/encodings.ts";
import { HEAD_BYTES, inspectFile } from "../../supabase/functions/_shared/csv/inspect-file.ts";
import { readRecords } from "../../supabase/functions/_shared/csv/read-records.ts";
import { suggestMapping } from "../../supabase/functions/_shared/csv/suggest-mapping.ts";
import type { LeadFile } from "./lead-file.ts";

/** The bucket's own limit. */
const MAX_BYTES = 104_857_600;
const SAMPLE_ROWS = 50;

/** @throws Error with one sentence on what is wrong with the file and what to do */
export async function readLeadFile(path: string): Promise<LeadFile> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`--csv ${path}: ${explain(error)}`);
  });
  if (bytes.length > MAX_BYTES)
    throw new Error(`--csv ${path}: the file is larger than 100 MB. Split it and give one part.`);
  try {
    checkContent(bytes);
  } catch (error) {
    throw new Error(`--csv ${path}: ${(error as Error).message}`);
  }
  return { name: basename(path), bytes, expected: null };
}

function explain(error: NodeJS.ErrnoException): string {
  if (error.code === "ENOENT") return "there is no such file. Check the path.";
  if (error.code === "EISDIR") return "this is a folder. Give the CSV file itself.";
  if (error.code === "EACCES") return "the file may not be read. Check its permissions.";
  return `the file can't be read (${error.code ?? error.message}).`;
}

function checkContent(bytes: Buffer): void {
  const isWhole = bytes.length <= HEAD_BYTES;
  const head = bytes.subarray(0, HEAD_BYTES);
  const csv = inspectFile(head, isWhole);
  const { records } = readRecords(decode(head.subarray(csv.nextByte), csv.encoding, isWhole), {
    delimiter: csv.delimiter,
    line: csv.nextLine,
    isEnd: isWhole,
    maxRecords: SAMPLE_ROWS,
  });
  if (records.length === 0) throw new Error("the file names columns but has no rows below them.");
  const mapping = suggestMapping(
    csv.columns,
    records.map((record) => record.cells),
  );
  const [problem] = checkMapping(mapping, csv.columns);
  if (problem)
    throw new Error(
      `no column holds phone numbers. Its columns are: ${csv.columns.join(", ").slice(0, 300)}.`,
    );
}
