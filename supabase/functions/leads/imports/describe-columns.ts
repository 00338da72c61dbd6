// What a preview says of each column: where it goes, what is in it, and how much of that fits there.

import type { ImportField, Mapping } from "../../_shared/csv/import-fields.ts";
import { isPlaceholder } from "../../_shared/csv/is-placeholder.ts";
import { fitsField } from "../../_shared/csv/set-field.ts";
import type { Preview } from "./schemas.ts";

const SAMPLES = 3;
/** Longer cells are cut: a sample is to be looked at. */
const SAMPLE_CHARS = 100;

/** @param sample cells of the rows that are looked at */
export function describeColumns(
  columns: string[],
  mapping: Mapping,
  sample: string[][],
): Preview["column_details"] {
  return columns.map((column, index) => {
    const field = mapping[column] as ImportField;
    const filled = sample
      .map((cells) => cells[index]?.trim() ?? "")
      .filter((cell) => cell !== "" && !isPlaceholder(cell, field));
    const samples = [...new Set(filled.map((cell) => cell.slice(0, SAMPLE_CHARS)))].slice(0, SAMPLES);
    return {
      column,
      field,
      samples,
      filled: filled.length,
      fits: filled.filter((cell) => fitsField(field, cell)).length,
    };
  });
}
