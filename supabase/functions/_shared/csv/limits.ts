// How large the parts of a file of leads may be. Larger ones are refused with a reason before any pattern is run on them: an
// isolate has two seconds of CPU in its life, and runs the work of others too.

/** The columns of a file. The database has the same limit. */
export const MAX_COLUMNS = 500;
/** A column's name is cut at this length. If another column has the same name, a number follows it. */
export const MAX_COLUMN_NAME = 200;
/** In characters. A longer line, or row of several lines, can't be a row of a CSV and is rejected as a whole. */
export const MAX_LINE_CHARS = 131_072;
/** In characters. A row with a longer cell is rejected with the column's name: no field of a lead holds more. */
export const MAX_CELL_CHARS = 10_000;
/** How many phone numbers of a row are read. A lead has three; the cells of the others are kept as custom fields. */
export const MAX_PHONES_TRIED = 20;
/** Warnings about cells of a row that do not fit. If there are more, only their number is given. */
export const MAX_WARNINGS_OF_ROW = 20;
/** Tags of one cell. A cell with more is kept as a custom field: a lead has 50 at most. */
export const MAX_TAGS_OF_CELL = 200;

/** The most cells of a chunk of an import, and of what a preview checks. With many columns, these have fewer rows. */
export const MAX_CHUNK_CELLS = 100_000;
export const MAX_PREVIEW_CELLS = 400_000;

/** How many rows of so many columns fit into `cells` cells; at most `most` and at least one. */
export function rowsWithin(cells: number, columns: number, most: number): number {
  return Math.max(1, Math.min(most, Math.floor(cells / Math.max(1, columns))));
}
