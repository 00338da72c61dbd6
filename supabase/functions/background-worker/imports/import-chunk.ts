// What private.claim_import_chunk returns: an import and where its file goes on, or an undo and the lead after which it goes on.
import type { Encoding } from "../../_shared/csv/encodings.ts";
import type { Mapping } from "../../_shared/csv/import-fields.ts";
import type { RowOptions } from "../../_shared/csv/normalise-row.ts";

interface Claimed {
  message_id: number;
  /** How often this chunk was begun. */
  read_count: number;
  org_id: string;
  /** The import's id. */
  id: string;
}

export interface ImportChunk extends Claimed {
  undo: false;
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

export interface UndoChunk extends Claimed {
  undo: true;
  /** The lead up to which the import is undone. */
  undo_after: string | null;
}
