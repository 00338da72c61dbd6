// The widest and longest accepted files, and the messages for larger ones. Nothing of a row is lost without a warning.
import { describe, expect, it } from "vitest";
import { inspectFile } from "../../../supabase/functions/_shared/csv/inspect-file.ts";
import {
  MAX_CELL_CHARS,
  MAX_COLUMNS,
  MAX_PHONES_TRIED,
} from "../../../supabase/functions/_shared/csv/limits.ts";
import { normaliseRow, planRows } from "../../../supabase/functions/_shared/csv/normalise-row.ts";
import { suggestMapping } from "../../../supabase/functions/_shared/csv/suggest-mapping.ts";
import { makeRows } from "../../../supabase/functions/background-worker/imports/make-rows.ts";
import { growthOverSixteen, LINEAR_OVER_SIXTEEN } from "../../fixtures/measure-growth.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const named = (count: number, name: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => name(i));

function rowOf(cells: Record<string, [field: string, cell: string]>) {
  const columns = Object.keys(cells);
  const mapping = Object.fromEntries(columns.map((column) => [column, cells[column]?.[0]]));
  const plan = planRows(columns, mapping as never, []);
  return normaliseRow({ line: 2, cells: columns.map((column) => cells[column]?.[1] ?? "") }, plan);
}

/** A chunk of an import, as the queue gives it. */
const chunkOf = (columns: string[], mapping: Record<string, string>) =>
  ({
    undo: false,
    message_id: 1,
    read_count: 1,
    id: "i",
    storage_path: "p",
    file_bytes: 1e8,
    encoding: "utf-8",
    delimiter: ",",
    columns,
    mapping,
    options: {},
    tags: [],
    next_byte: 0,
    next_line: 2,
    next_chunk: 1,
  }) as unknown as Parameters<typeof makeRows>[0];

describe("columns", () => {
  it("up to 500 are read, one more is refused with the number", () => {
    const file = (count: number) => encode(`${named(count, (i) => `c${i}`).join(",")}\nx\n`);
    expect(inspectFile(file(MAX_COLUMNS), true).columns).toHaveLength(500);
    expect(() => inspectFile(file(MAX_COLUMNS + 1), true)).toThrow("501 columns; at most 500");
  });

  it("are counted by the worker too, for any import", () => {
    const columns = named(12_000, (i) => `c${i}`);
    expect(() => makeRows(chunkOf(columns, {}), encode("x\n"), true)).toThrow("12000 columns; at most 500");
  });

  it("give fewer rows a chunk if there are many of them", () => {
    const columns = named(500, (i) => `c${i}`);
    const line = `5125550123${",x".repeat(499)}\n`;
    const made = makeRows(chunkOf(columns, { c0: "primary_phone" }), encode(line.repeat(1000)), false);
    expect(made.rows).toHaveLength(200);
    expect(made.nextByte).toBe(200 * line.length);
    const few = makeRows(
      chunkOf(["c0"], { c0: "primary_phone" }),
      encode("5125550123\n".repeat(2000)),
      false,
    );
    expect(few.rows).toHaveLength(1000);
  });

  it.each([
    ["phones and their flags", (i: number) => (i % 2 ? `Phone ${i} DNC` : `Phone ${i}`)],
    ["phones and their types", (i: number) => (i % 2 ? `Phone ${i} Type` : `Phone ${i}`)],
    ["flags of one name", (i: number) => `DNC ${i}`],
    ["long names", (i: number) => `${"Phone DNC 1 ".repeat(16)}${i}`],
  ])("are understood in proportion to their number: %s", (_, name) => {
    const make = (count: number) => {
      const columns = named(count, name);
      return () => planRows(columns, suggestMapping(columns), []);
    };
    // Far beyond what is let in, so that it can be told.
    expect(growthOverSixteen(make, 2000)).toBeLessThan(LINEAR_OVER_SIXTEEN);
  });
});

describe("cells", () => {
  it("of 10,000 characters are read; a longer one costs its row, with the column and the limit", () => {
    const row = (length: number) =>
      rowOf({ Phone: ["primary_phone", "5125550123"], Notes: ["notes", "x".repeat(length)] });
    expect(row(MAX_CELL_CHARS).lead?.notes).toHaveLength(10_000);
    expect(row(MAX_CELL_CHARS + 1)).toMatchObject({
      field: "Notes",
      reason: "The cell has 10001 characters, and at most 10000 are read.",
      raw: ["5125550123", "x".repeat(10_001)],
    });
  });

  it("of a row with more numbers than are checked are kept, with one warning", () => {
    const number = (i: number) => `512-55${i} x`;
    const cells = named(40, (i) => `P${i}`).map((column, i) => [column, ["other_phone", number(i)]]);
    const row = rowOf({ First: ["primary_phone", "5125550123"], ...Object.fromEntries(cells) });
    const custom = row.lead?.custom_fields as Record<string, string>;
    expect(Object.keys(custom)).toHaveLength(40);
    expect(row.phones).toHaveLength(1);
    const said = row.warnings?.filter(({ reason }) => reason.includes(`${MAX_PHONES_TRIED} phone numbers`));
    expect(said?.map(({ field }) => field)).toEqual([`P${MAX_PHONES_TRIED - 1}`]);
  });

  it("that do not fit are named, twenty a row, and the rest counted", () => {
    const cells = named(50, (i) => `S${i}`).map((column) => [column, ["notes", "x".repeat(9000)]]);
    const row = rowOf({ First: ["primary_phone", "5125550123"], ...Object.fromEntries(cells) });
    expect(row.warnings).toHaveLength(21);
    expect(row.warnings?.at(-1)).toMatchObject({
      field: "S21",
      reason: expect.stringContaining("and 28 more"),
    });
    expect(Object.keys(row.lead?.custom_fields as object)).toHaveLength(49);
  });

  it("with more tags than a lead can have are kept as they are", () => {
    const tags = named(500, (i) => `T${i}`).join(",");
    const row = rowOf({ Phone: ["primary_phone", "5125550123"], Tags: ["tags", tags] });
    expect(row.lead).toMatchObject({ tags: [], custom_fields: { Tags: tags } });
    expect(row.warnings).toMatchObject([
      { field: "Tags", reason: expect.stringContaining("at most 50 tags") },
    ]);
  });
});
