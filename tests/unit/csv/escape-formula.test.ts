// Cells that a spreadsheet would run are guarded in every form, and are read back unchanged.
import { describe, expect, it } from "vitest";
import { escapeFormula, unescapeFormula } from "../../../supabase/functions/_shared/csv/escape-formula.ts";
import { normaliseRow, planRows } from "../../../supabase/functions/_shared/csv/normalise-row.ts";
import { readRecords } from "../../../supabase/functions/_shared/csv/read-records.ts";
import { writeCsvRow } from "../../../supabase/functions/_shared/csv/write-csv-row.ts";
import { growthOverSixteen, LINEAR_OVER_SIXTEEN } from "../../fixtures/measure-growth.ts";
import { makeRandom, seed } from "../sms/make-random.ts";

const SIGNS = ["=", "+", "-", "@", "＝", "＋", "－", "＠"];
const BEFORE = [
  "",
  " ",
  "\u00a0",
  "\0",
  "\x1f",
  "\u200b",
  "\ufeff",
  "\u2060",
  "\u3000",
  '"',
  "'",
  "’",
  ' "\u200b',
];
const PARTED = ["", "x;", "x,", "x|", "x\t", "x\n", "x\r\n", "x;;", "x; y,"];

/**
 * Cells as read by a program that splits at this character: it keeps text together that is quoted from the start of a cell; a
 * careless
 * program splits that too.
 */
function cellsAs(line: string, delimiter: string, isCareless: boolean): string[] {
  if (isCareless) return line.split(new RegExp(`[${delimiter}\r\n]`));
  const { records } = readRecords(line, { delimiter, line: 1, isEnd: true, maxRecords: 100 });
  return records.flatMap(({ cells }) => cells);
}
/** Characters that spreadsheets skip, followed by one that begins a formula. */
const RUNS = /^[\s\p{Cc}\p{Cf}"]*[=+\-@＝＋－＠]/u;

describe("with any separator of cells, no cell begins a formula:", () => {
  it.each([",", ";", "\t", "|"])("parted at %j", (delimiter) => {
    for (const sign of SIGNS)
      for (const before of BEFORE)
        for (const parted of PARTED) {
          const value = `${parted}${before}${sign}cmd|' /C calc'!A0`;
          const line = writeCsvRow(["a", value, "b"]);
          for (const isCareless of [false, true])
            for (const cell of cellsAs(line, delimiter, isCareless))
              expect(RUNS.test(cell), JSON.stringify([value, line, cell])).toBe(false);
        }
  });

  it("and tabs and line ends do not begin a cell", () => {
    for (const begin of ["\t", "\r", "\n"]) expect(writeCsvRow([`${begin}x`])).toBe(`"'${begin}x"\r\n`);
  });

  it("and numbers stay numbers", () => {
    expect(writeCsvRow(["-5", "+15550100", -5, "-1.25", "-1;-2"])).toBe(
      `-5,+15550100,-5,-1.25,"'-1;'-2"\r\n`,
    );
  });
});

describe(`what is exported comes back as it was (seed ${seed})`, () => {
  it("cell by cell", () => {
    const random = makeRandom();
    const pieces = [
      ...SIGNS,
      ...BEFORE,
      "''",
      ";",
      ",",
      "|",
      "\t",
      "\n",
      "\r\n",
      "a",
      "1",
      "O'Brien",
      "-5",
      "\\",
    ];
    for (let i = 0; i < 20_000; i++) {
      const value = Array.from({ length: random.int(0, 8) }, () => random.pick(pieces)).join("");
      expect(unescapeFormula(escapeFormula(value)), `SEED=${seed}: ${JSON.stringify(value)}`).toBe(value);
    }
  });

  it.each([
    [
      "-5",
      "+15550100",
      "=1+1",
      "＝1+1",
      "x;=1+1",
      "'=1+1",
      "''=1",
      "- milk\n- eggs",
      '"=1"',
      "O'Brien; '-x",
      "a,-1,=2",
    ],
  ])("through a file and an import", (...values) => {
    const columns = ["phone", ...values.map((_, i) => `field ${i}`)];
    const text = writeCsvRow(columns) + writeCsvRow(["(512) 555-0123", ...values]);
    const [, row] = readRecords(text, { delimiter: ",", line: 1, isEnd: true, maxRecords: 9 }).records;
    const plan = planRows(columns, { phone: "primary_phone" }, []);
    const { lead } = normaliseRow(row as NonNullable<typeof row>, plan);
    expect(Object.values(lead?.custom_fields as Record<string, string>)).toEqual(values);
  });
});

it("takes time in proportion to the cell", () => {
  for (const piece of ["\t", "'", " ", "=", ";=", "\n'", '"\u200b', ", "])
    for (const work of [escapeFormula, unescapeFormula]) {
      const make = (size: number) => {
        const text = piece.repeat(size / piece.length);
        return () => work(text);
      };
      expect(growthOverSixteen(make, 200_000), JSON.stringify(piece)).toBeLessThan(LINEAR_OVER_SIXTEEN);
    }
});
