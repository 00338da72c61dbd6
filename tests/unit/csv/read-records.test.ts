// The CSV reader: well-formed text as papaparse reads it, broken text without losing more than a row, the same result for any
// cut.
import Papa from "papaparse";
import { describe, expect, it } from "vitest";
import { byteLength, decode, ENCODINGS } from "../../../supabase/functions/_shared/csv/encodings.ts";
import { MAX_LINE_CHARS } from "../../../supabase/functions/_shared/csv/limits.ts";
import { readRecords } from "../../../supabase/functions/_shared/csv/read-records.ts";
import { findLineEnd } from "../../../supabase/functions/background-worker/imports/skip-line.ts";
import { encodeText } from "../../fixtures/encode-text.ts";

const SEED = Number(process.env.SEED ?? 20261123);
const read = (text: string, options: Partial<Parameters<typeof readRecords>[1]> = {}) =>
  readRecords(text, { delimiter: ",", line: 1, isEnd: true, maxRecords: 10_000, ...options });
const cells = (text: string, delimiter = ",") =>
  read(text, { delimiter }).records.map((record) => record.cells);

/** The same numbers for the same seed. */
function makeRandom(seed: number) {
  let state = seed;
  return (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state % below;
  };
}

/** A well-formed file: cells with any text, quoted where necessary and sometimes elsewhere. */
function makeText(
  random: (below: number) => number,
  delimiter: string,
  lineEnd: string,
  pool: string[],
): string {
  const cell = () => {
    const text = Array.from({ length: random(6) }, () => pool[random(pool.length)]).join("");
    const mustQuote = /["\r\n]/.test(text) || text.includes(delimiter) || text !== text.trim();
    return mustQuote || random(5) === 0 ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const rows = Array.from({ length: 20 + random(40) }, (_, i) =>
    [`r${i}`, cell(), cell(), cell()].join(delimiter),
  );
  return rows.join(lineEnd) + (random(2) ? lineEnd : "");
}
const POOL = ["a", "Muñoz", " ", ",", ";", "\t", '"', '""', "\n", "\r\n", "é", "x y", "'", "=1+1", "–"];

describe(`well-formed text (seed ${SEED})`, () => {
  it.each([
    [",", "\n"],
    [";", "\r\n"],
    ["\t", "\n"],
    ["|", "\r\n"],
  ] as const)("with %j and %j is read as papaparse reads it", (delimiter, lineEnd) => {
    const random = makeRandom(SEED);
    for (let round = 0; round < 100; round++) {
      const text = makeText(random, delimiter, lineEnd, POOL);
      const expected = Papa.parse<string[]>(text, { delimiter, newline: lineEnd, skipEmptyLines: true }).data;
      expect(cells(text, delimiter)).toEqual(expected);
    }
  });

  it.each(ENCODINGS)("in %s gives the same result for any cut into byte ranges", (encoding) => {
    const random = makeRandom(SEED);
    const pool = encoding === "windows-1252" || encoding === "macintosh" ? POOL : [...POOL, "🏡", "漢"];
    for (let round = 0; round < 40; round++) {
      const text = makeText(random, ",", ["\n", "\r\n", "\r"][random(3)] as string, pool);
      const bytes = encodeText(text, encoding);
      const whole = read(text).records;
      const pieces: typeof whole = [];
      let at = 0;
      let line = 1;
      let size = 40;
      while (at < bytes.length) {
        const end = Math.min(at + size + random(90), bytes.length);
        const range = bytes.subarray(at, end);
        const part = decode(range, encoding, end === bytes.length);
        const page = read(part, { line, isEnd: end === bytes.length, maxRecords: 1 + random(5) });
        pieces.push(...page.records);
        const isWhole = end === bytes.length && page.end === part.length;
        const used = byteLength(part.slice(0, page.end), range, encoding, isWhole);
        // A range without a whole record: in an import ranges are far bigger than any record.
        if (used === 0) size *= 2;
        at += used;
        line = page.nextLine;
      }
      expect(pieces).toEqual(whole);
    }
  });
});

describe("text as people send it", () => {
  it("ends lines in LF, CR LF and CR, mixed, and counts each", () => {
    const { records, nextLine } = read("a\nb\r\nc\rd\n\n\r\ne");
    expect(records.map(({ line, cells }) => [line, cells[0]])).toEqual([
      [1, "a"],
      [2, "b"],
      [3, "c"],
      [4, "d"],
      [7, "e"],
    ]);
    expect(nextLine).toBe(8);
  });

  it("skips blank lines and rows of empty cells", () => {
    expect(cells('a,b\n\n , \n,,,\n"",""\nc,d')).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
  });

  it("reads quotation marks inside a quoted cell that are not doubled, and spaces around quotes", () => {
    expect(cells('1,"ACME "BEST" LAND",2')).toEqual([["1", 'ACME "BEST" LAND', "2"]]);
    expect(cells('1 , "a, b" , 2')).toEqual([["1 ", "a, b", " 2"]]);
    expect(cells("5' 10\",x")).toEqual([["5' 10\"", "x"]]);
  });

  it("gives up one row, not the rest, for a quotation mark that is never closed", () => {
    const { records } = read('1,a\n2,"open,b\n3,"c",d\n4,e\n');
    expect(records.map(({ line, cells, problem }) => [line, cells[0], problem !== undefined])).toEqual([
      [1, "1", false],
      [2, "2", true],
      [3, "3", false],
      [4, "4", false],
    ]);
  });

  it("gives up one row for an open quotation mark at the end of the file, and waits for more text before the end", () => {
    expect(read('1,a\n2,"open').records).toMatchObject([
      { line: 1 },
      { line: 2, problem: expect.any(String) },
    ]);
    expect(read('1,a\n2,"open', { isEnd: false })).toMatchObject({
      records: [{ line: 1 }],
      end: 4,
      nextLine: 2,
    });
  });

  it("gives up a quoted cell that is longer than the limit", () => {
    const lines = Array.from({ length: 5000 }, (_, i) => `${i},plain text that goes on and on`);
    const { records } = read(`0,"open\n${lines.join("\n")}\n`, { isEnd: false });
    expect(records[0]).toMatchObject({ line: 1, problem: expect.any(String) });
    expect(records).toHaveLength(5001);
  });

  it("leaves an unfinished last line, and half of a CR LF, to the next piece", () => {
    expect(read("a\nb", { isEnd: false })).toMatchObject({ end: 2, nextLine: 2 });
    expect(read("a\r", { isEnd: false })).toMatchObject({ records: [], end: 0 });
    expect(read('"a"', { isEnd: false })).toMatchObject({ records: [], end: 0 });
    expect(read('"a"\r', { isEnd: false })).toMatchObject({ records: [], end: 0 });
  });

  it("stops after as many records as asked for", () => {
    expect(read("a\nb\nc\n", { maxRecords: 2 })).toMatchObject({
      end: 4,
      nextLine: 3,
      records: [{ line: 1 }, { line: 2 }],
    });
  });

  it("removes zero characters, which no database column can store, and reports where they were", () => {
    expect(read('a\0b,"c\0"\nd,\0e\nf,g').records).toEqual([
      { line: 1, cells: ["ab", "c"], damaged: 0 },
      { line: 2, cells: ["d", "e"], damaged: 1 },
      { line: 3, cells: ["f", "g"] },
    ]);
  });

  const LONG = "x".repeat(MAX_LINE_CHARS + 1);
  const tooLong = { problem: expect.stringContaining("longer than"), cells: ["x".repeat(1000)] };

  it.each(["\n", "\r\n", "\r"])(
    "gives up a line that is longer than any row, and no other, before %j",
    (end) => {
      for (const isEnd of [true, false]) {
        expect(read(`a${end}${LONG}${end}b${end}c`, { isEnd }).records.slice(0, 3)).toEqual([
          { line: 1, cells: ["a"] },
          { line: 2, ...tooLong },
          { line: 3, cells: ["b"] },
        ]);
      }
      const quoted = read(`a${end}1,"${LONG}",2${end}b${end}`).records;
      expect(quoted.map(({ line, problem }) => [line, problem !== undefined])).toEqual([
        [1, false],
        [2, true],
        [3, false],
      ]);
    },
  );

  it("reports a line that goes on beyond the text once it is the first in it", () => {
    expect(read(`a\n${LONG}`, { isEnd: false })).toEqual({
      records: [{ line: 1, cells: ["a"] }],
      end: 2,
      nextLine: 2,
    });
    expect(read(LONG, { isEnd: false, line: 2 })).toEqual({
      records: [],
      end: 0,
      nextLine: 2,
      overlong: { line: 2, ...tooLong },
    });
    expect(read(`"${LONG}`, { isEnd: false, line: 2 }).overlong).toMatchObject({ line: 2 });
    expect(read(`"${LONG}`, { isEnd: true, line: 2 }).records).toMatchObject([{ line: 2 }]);
    expect(read("x".repeat(MAX_LINE_CHARS), { isEnd: false })).toEqual({ records: [], end: 0, nextLine: 1 });
  });
});

describe("quotation marks after backslashes, as databases export them,", () => {
  it.each([
    [String.raw`"Ann","He said \"hi\", ok",5125550100`, ["Ann", 'He said "hi", ok', "5125550100"]],
    [String.raw`"\"hi\"",1`, ['"hi"', "1"]],
    [String.raw`"a \"b\"",1`, ['a "b"', "1"]],
    [String.raw`"a \"b\" \\",1`, ['a "b" \\', "1"]],
    ['"two\n\\"lines\\"",1', ['two\n"lines"', "1"]],
  ])("%s are read", (text, cells) => {
    expect(read(`${text}\n`).records.map((record) => record.cells)).toEqual([cells]);
  });

  it.each([
    [String.raw`"C:\","D:\"`, ["C:\\", "D:\\"]],
    [String.raw`"a \\ b ""c"""`, [String.raw`a \\ b "c"`]],
    [String.raw`a\"b,c`, [String.raw`a\"b`, "c"]],
  ])("are none in %s", (text, cells) => {
    expect(read(`${text}\n`).records[0]?.cells).toEqual(cells);
  });
});

describe("the end of a line", () => {
  it.each(ENCODINGS)("is found in bytes of %s", (encoding) => {
    const endOf = (text: string, reach = 1000) => findLineEnd(encodeText(text, encoding), encoding, reach);
    const size = (text: string) => encodeText(text, encoding).length;
    expect(endOf("ab\ncd")).toBe(size("ab\n"));
    expect(endOf("ab\r\ncd")).toBe(size("ab\r\n"));
    expect(endOf("ab\rcd\n")).toBe(size("ab\r"));
    expect(endOf("\n")).toBe(size("\n"));
    expect(endOf("abc")).toBeNull();
    expect(endOf("ab\r\n", size("ab"))).toBeNull();
    expect(endOf("ab\r\n", size("ab\r"))).toBe(size("ab\r\n"));
    // Their bytes include a 10 or a 13, which is no line break here.
    if (encoding.startsWith("utf-16")) expect(endOf("Ċč ഊ਍")).toBeNull();
  });
});

describe("damaged UTF-8", () => {
  it("is cut at the right byte: a broken character takes one byte in the file and one U+FFFD in the text", () => {
    const bytes = Uint8Array.from([0x61, 0xff, 0x0a, 0xc3, 0xb1, 0x0a, 0x62]);
    const text = decode(bytes, "utf-8", true);
    const page = read(text, { maxRecords: 2 });
    expect(byteLength(text.slice(0, page.end), bytes, "utf-8", false)).toBe(6);
  });
});
