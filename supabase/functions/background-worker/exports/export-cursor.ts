// What an export keeps between its steps, and its input.
import type { ExportFormat } from "../../_shared/storage/stored-file.ts";

/** As private.create_export stores it. */
export interface ExportInput {
  format: ExportFormat;
  columns: string[] | null;
  rows_per: "lead" | "parcel";
}

/** Made by private.begin_export, and updated by each part. */
export interface ExportCursor {
  chunks: number;
  /** Where the next part begins: the chunk, counted from 1, and how many of its leads are written. */
  chunk?: number;
  from?: number;
  custom_fields: string[];
  /** Without its extension. */
  file_name: string;
  /** Rows written so far, without the heading. */
  rows?: number;
  /** The checksum of the sheet's XML so far; raw_bytes is its length. */
  crc?: number;
  raw_bytes?: number;
}
