// The beginning of a file: encoding, delimiter, header and where the rows begin.
import { describe, expect, it } from "vitest";
import { createUtf8Check } from "../../../supabase/functions/_shared/csv/check-utf-8.ts";
import { detectEncoding } from "../../../supabase/functions/_shared/csv/detect-encoding.ts";
import type { Encoding } from "../../../supabase/functions/_shared/csv/encodings.ts";
import { inspectFile } from "../../../supabase/functions/_shared/csv/inspect-file.ts";
import { writeCsvRow } from "../../../supabase/functions/_shared/csv/write-csv-row.ts";
import { encodeText } from "../../fixtures/encode-text.ts";

const TEXT = "Nombre;Teléfono\nMuñoz;512-555-0100\n";

describe("the encoding", () => {
  it.each<[Encoding, string, number]>([
    ["utf-8", "", 0],
    ["utf-8", "\ufeff", 3],
    ["utf-16le", "\ufeff", 2],
    ["utf-16be", "\ufeff", 2],
    ["utf-16le", "", 0],
    ["utf-16be", "", 0],
    ["windows-1252", "", 0],
    ["macintosh", "", 0],
  ])("%s with mark %j", (encoding, mark, bomBytes) => {
    expect(detectEncoding(encodeText(mark + TEXT, encoding))).toEqual({ encoding, bomBytes });
    const file = inspectFile(encodeText(mark + TEXT, encoding), true);
    expect(file).toMatchObject({ encoding, delimiter: ";", columns: ["Nombre", "Teléfono"], nextLine: 2 });
    expect(file.nextByte).toBe(bomBytes + encodeText("Nombre;Teléfono\n", encoding).length);
  });

  it("is UTF-8 for plain ASCII, and none for binary data", () => {
    expect(detectEncoding(encodeText("a,b\n", "utf-8"))?.encoding).toBe("utf-8");
    expect(detectEncoding(Uint8Array.from({ length: 500 }, (_, i) => (i * 7) % 256))).toBeNull();
  });

  it("is settled by the first accent, however late it comes and wherever it is cut", () => {
    const settle = (bytes: Uint8Array, size: number) => {
      const check = createUtf8Check();
      for (let i = 0; i < bytes.length; i += size) check.add(bytes.subarray(i, i + size));
      return check.encoding();
    };
    const late = `${"a,b\n".repeat(500)}Muñoz,é🏡,x`;
    for (const size of [1, 2, 3, 5, 100, 5000]) {
      expect(settle(encodeText(late, "utf-8"), size), `${size}`).toBe("utf-8");
      expect(settle(encodeText(late.replace("🏡", ""), "windows-1252"), size), `${size}`).toBe(
        "windows-1252",
      );
    }
    const damaged = Buffer.concat([encodeText(late, "utf-8"), Buffer.from([0xff, 0x41])]);
    expect(settle(damaged, 100)).toBe("utf-8");
  });
});

describe("text of one byte a character is read as it was meant:", () => {
  it.each([
    "Muñoz",
    "García",
    "José",
    "MUÑOZ",
    "MARTÍNEZ",
    "JOSÉ",
    "O’Brien",
    "Smith’s",
    "Concepción, Núñez, Ángel",
    "it’s a lot — 5 acres – for sale",
    "Smith–Jones don’t, they’re, I’m",
    "Peña & Ibáñez, “casa”",
  ])("%s", (name) => {
    const csv = (encoding: Encoding) => encodeText(`Name,Phone\n${name} Muñoz,512-555-0100\n`, encoding);
    for (const encoding of ["windows-1252", "macintosh"] as const)
      expect(inspectFile(csv(encoding), true).encoding, encoding).toBe(encoding);
  });

  it.each(["O’Brien", "Smith–Jones", "it’s here – now", "they’re 50—60 acres"])(
    "%s alone is Windows-1252, which is far commoner",
    (name) => {
      expect(detectEncoding(encodeText(`Name,Phone\n${name},1\n`, "windows-1252"))?.encoding).toBe(
        "windows-1252",
      );
    },
  );
});

describe("the row that names the columns", () => {
  const inspect = (text: string) => inspectFile(encodeText(text, "utf-8"), true);

  it.each<[string, number, string]>([
    [
      "Travis County Appraisal District\nReport generated 2026-01-01\n\nAPN,Owner,Phone\n1,Ann Bee,5125550100\n",
      5,
      ",",
    ],
    ["Travis County,,\nReport generated,2026-01-01,\n,,\nAPN,Owner,Phone\n1,Ann Bee,5125550100\n", 5, ","],
    ["Parcels, Travis County\nAPN;Owner;Phone\n1;Ann Bee;5125550100\n2;Al Bee;5125550101\n", 3, ";"],
    ["sep=;\nParcels\nAPN;Owner;Phone\n1;Ann Bee;5125550100\n", 4, ";"],
    ['"Parcels of\nTravis"\n"APN","Owner","Phone"\n1,Ann Bee,5125550100\n', 4, ","],
    ["APN,Owner,Phone\n1,Ann Bee,5125550100\n", 2, ","],
  ])("of %j is found below its titles", (text, nextLine, delimiter) => {
    const file = inspect(text);
    expect(file).toMatchObject({ columns: ["APN", "Owner", "Phone"], nextLine, delimiter });
    expect(text.slice(file.nextByte)).toMatch(/^1[,;]Ann Bee/);
  });

  it("is the first full one below a title, if no name in it is known", () => {
    expect(inspect("My list\nA\tB\nx\t512-555-0100\ny\t512-555-0101\n")).toMatchObject({
      columns: ["A", "B"],
      nextLine: 3,
    });
  });

  it.each([
    "Phone\n512-555-0100\n",
    "Phone\n512-555-0100,Owner\n",
    "Zone,Kind\nOne,Two\nName,5125550100\n",
    "Phones\n512-555-0100; 512-555-0101\n",
  ])("of %j is the first line", (text) => {
    expect(inspect(text).nextLine).toBe(2);
  });
});

describe("cells parted by", () => {
  it.each(["^", "~", ":", "§"])("%j are read", (delimiter) => {
    const text = ["Owner", "Phone", "County"].join(delimiter);
    const row = ["Ann Bee", "5125550100", "Travis"].join(delimiter);
    expect(inspectFile(encodeText(`${text}\n${row}\n`, "utf-8"), true)).toMatchObject({
      delimiter,
      columns: ["Owner", "Phone", "County"],
    });
  });

  it.each([
    [
      '"Owner,Phone"\n"Ann Bee,5125550100"\n',
      /one cell in quotation marks.*line 1 shows: Owner,Phone.*at ","/,
    ],
    ['"Owner\tPhone"\n"Ann Bee\t5125550100"\n', /at the tab/],
    ["Owner      Phone       County\nAnn Bee    5125550100  Travis\n", /fixed width/],
  ])("nothing, as in %j, are refused with the remedy", (text, message) => {
    expect(() => inspectFile(encodeText(text, "utf-8"), true)).toThrow(message);
  });
});

describe("the header", () => {
  const inspect = (text: string) => inspectFile(encodeText(text, "utf-8"), true);

  it.each([
    ["a,b;c,d\n1,2;3,4\n", ","],
    ["a;b\n1,5;2,5\n", ";"],
    ["a\tb\n1, 2\t3\n", "\t"],
    ["a|b|c\n1|2,0|3\n", "|"],
    ['"a,b";c\n"1,2";3\n', ";"],
    ["phone\n5125550100\n", ","],
  ])("of %j is parted by %j", (text, delimiter) => {
    expect(inspect(text).delimiter).toBe(delimiter);
  });

  it("may follow Excel's own first line, which names the delimiter, and blank lines", () => {
    expect(inspect("sep=|\r\n\r\nName|Phone,x\r\n")).toMatchObject({
      delimiter: "|",
      columns: ["Name", "Phone,x"],
      nextLine: 4,
    });
  });

  it("gets a name for every column, each different", () => {
    expect(inspect("Phone,,Phone, Two  words ,Phone (2)\n").columns).toEqual([
      "Phone",
      "column 2",
      "Phone (2)",
      "Two words",
      "Phone (2) (2)",
    ]);
  });

  it("may hold line ends in quotes", () => {
    expect(inspect('"First\nName",Phone\nAna,1\n')).toMatchObject({
      columns: ["First Name", "Phone"],
      nextLine: 3,
      nextByte: 19,
    });
  });

  it.each([
    ["", /empty/],
    ["\n\n", /no rows/],
    ["512-555-0100,Ana\n", /should name the columns/],
    [`${Array.from({ length: 501 }, (_, i) => `c${i}`).join(",")}\n`, /501 columns/],
    ["x".repeat(200_000), /longer than/],
  ])("of a file that is no CSV is refused: %#", (text, message) => {
    expect(() => inspect(text)).toThrow(message);
  });
});

describe("writing a row", () => {
  it("guards what a spreadsheet would run and leaves numbers alone", () => {
    expect(
      writeCsvRow(["=1+1", "+x", "-1", "+15125550100", "@a", "\tb", "a\nb", 'say "hi"', " x", null, 5]),
    ).toBe(`'=1+1,'+x,-1,+15125550100,'@a,"'\tb","a\nb","say ""hi"""," x",,5\r\n`);
  });
});
