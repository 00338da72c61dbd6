// What a preview says about each column: its field, samples of its cells, and how many of the cells fit the field.

import { cleanCell, isNumberField } from "../../_shared/csv/clean-cell.ts";
import type { ImportField, Mapping } from "../../_shared/csv/import-fields.ts";
import { isPlaceholder } from "../../_shared/csv/is-placeholder.ts";
import { fitsField } from "../../_shared/csv/set-field.ts";
import type { Preview } from "./schemas.ts";

const SAMPLES = 3;
/** Longer cells are cut: a sample is only for people to look at. */
const SAMPLE_CHARS = 100;

/** @param sample the cells of each sampled row */
export function describeColumns(
  columns: string[],
  mapping: Mapping,
  sample: string[][],
): Preview["column_details"] {
  return columns.map((column, index) => {
    const field = mapping[column] as ImportField;
    const filled = sample
      .map((cells) => cleanCell(cells[index] ?? "", isNumberField(field)))
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
