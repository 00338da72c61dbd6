// What private.claim_import_chunk gives: an import and where in its file to go on.
import type { Encoding } from "../../_shared/csv/encodings.ts";
import type { Mapping } from "../../_shared/csv/import-fields.ts";
import type { RowOptions } from "../../_shared/csv/normalise-row.ts";

export interface ImportChunk {
  message_id: number;
  /** How often this chunk was begun. */
  read_count: number;
  id: string;
  storage_path: string;
  file_bytes: number;
  encoding: Encoding;
  delimiter: string;
  columns: string[];
  mapping: Mapping;
  options: RowOptions;
  tags: string[];
  next_byte: number;
  next_line: number;
  next_chunk: number;
}
