// How large the parts of a file of leads may be. What is larger is refused with a reason before any pattern looks at it: an
// isolate has two seconds of CPU in its life, and others' work is in it.

/** The columns of a file. The database holds imports to the same number. */
export const MAX_COLUMNS = 500;
/** The name of a column is cut there; a number that tells it from a column of the same name comes behind. */
export const MAX_COLUMN_NAME = 200;
/** In characters. A line, or a row of several lines, that is longer is no row of a CSV: it is rejected as a whole. */
export const MAX_LINE_CHARS = 131_072;
/** In characters. A row with a longer cell is rejected with the column's name: no field of a lead holds more. */
export const MAX_CELL_CHARS = 10_000;
/** Numbers of one row that are looked at. A lead has three phones; the cells of the rest are kept as custom fields. */
export const MAX_PHONES_TRIED = 20;
/** What is said of a row whose cells do not fit. Of more cells their number is said. */
export const MAX_WARNINGS_OF_ROW = 20;
/** Tags of one cell. A cell with more is kept as a custom field: a lead has 50 at most. */
export const MAX_TAGS_OF_CELL = 200;

/** Cells of rows that are read at once: a chunk of an import, and what a preview checks. Rows of many columns are fewer then. */
export const MAX_CHUNK_CELLS = 100_000;
export const MAX_PREVIEW_CELLS = 400_000;

/** How many rows of so many columns are `cells` cells, `most` at most and one at least. */
export function rowsWithin(cells: number, columns: number, most: number): number {
  return Math.max(1, Math.min(most, Math.floor(cells / Math.max(1, columns))));
}
