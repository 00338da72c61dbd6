// Phone cells with words beside the numbers: the number is taken, the words count, and notes are kept.
import { describe, expect, it } from "vitest";
import { normaliseRow, planRows } from "../../../supabase/functions/_shared/csv/normalise-row.ts";
import { readNotedPhones } from "../../../supabase/functions/_shared/csv/phone-notes.ts";

const read = (cell: string) => {
  const row = normaliseRow({ line: 2, cells: [cell] }, planRows(["Phone"], { Phone: "primary_phone" }, []));
  return { ...row, kept: (row.lead?.custom_fields as Record<string, string> | undefined)?.Phone };
};

describe("words beside a number", () => {
  it.each<[string, object]>([
    ["512-555-0100 DNC", { consent_status: "denied" }],
    ["512-555-0100 - DO NOT CALL", { consent_status: "denied" }],
    ["DNC 512-555-0100", { consent_status: "denied" }],
    ["(512) 555-0100 no llamar", { consent_status: "denied" }],
    ["512-555-0100 (STOP)", { consent_status: "denied" }],
    ["512-555-0100 (wrong number)", { invalid_reason: "wrong_number" }],
    ["5125550100 número equivocado", { invalid_reason: "wrong_number" }],
    ["512.555.0100 disconnected", { invalid_reason: "inactive" }],
    ["512-555-0100 (landline)", { line_type: "landline" }],
    ["512-555-0100 fijo", { line_type: "landline" }],
    ["512-555-0100 do not txt", { consent_status: "denied" }],
    ["512-555-0100 no txts", { consent_status: "denied" }],
    ["512-555-0100 STOP 3/2/26", { consent_status: "denied" }],
    ["512-555-0100 (asked us to stop)", { consent_status: "denied" }],
    ["512-555-0100 no mandar msj", { consent_status: "denied" }],
    ["512-555-0100 fax", { invalid_reason: "inactive" }],
    ["512-555-0100 txt ok", {}],
    ["512-555-0100 (call after 5)", {}],
    ["512-555-0100 (Maria's brother)", {}],
    ["+1 512 555 0100 llamar después de las 5", {}],
  ])("%j", (cell, sign) => {
    const { phones, warnings, kept } = read(cell);
    expect(phones).toEqual([{ e164: "+15125550100", role: "primary", field: "Phone", ...sign }]);
    expect(warnings).toBeUndefined();
    expect(kept).toBe(cell);
  });

  it.each(["Cell: 512-555-0100", "512-555-0100 (home)", "Tel. 512-555-0100", "c 512-555-0100"])(
    "%j is only a label",
    (cell) => {
      expect(read(cell)).toMatchObject({ phones: [{ e164: "+15125550100" }], kept: undefined });
    },
  );

  it("belong to the number that they stand beside", () => {
    const notes = (cell: string) => readNotedPhones(cell).map(({ text, note }) => [text, note]);
    expect(notes("512-555-0100 DNC, 512-555-0101 (cell)")).toEqual([
      ["512-555-0100", "DNC"],
      ["512-555-0101", "cell"],
    ]);
    expect(notes("Cell: 512-555-0100 Home: 512-555-0101 DNC")).toEqual([
      ["512-555-0100", "Cell"],
      ["512-555-0101", "Home DNC"],
    ]);
    expect(notes("512-555-0100 (cell, DNC) / 512-555-0101 (wife)")).toEqual([
      ["512-555-0100", "cell, DNC"],
      ["512-555-0101", "wife"],
    ]);
    expect(notes("Cell: 512-555-0100 (DNC) Home: 512-555-0101")).toEqual([
      ["512-555-0100", "Cell DNC"],
      ["512-555-0101", "Home"],
    ]);
    expect(notes("C: 512-555-0100 do not text H: 512-555-0101")).toEqual([
      ["512-555-0100", "C do not text"],
      ["512-555-0101", "H"],
    ]);
    expect(notes("Home Phone: 512-555-0100 Cell Phone: 512-555-0101")).toEqual([
      ["512-555-0100", "Home Phone"],
      ["512-555-0101", "Cell Phone"],
    ]);
    expect(notes("512-555-0100 wrong / (512) 555-0101")).toEqual([
      ["512-555-0100", "wrong"],
      ["(512) 555-0101", ""],
    ]);
  });

  it("count for every number of a cell that can't be taken apart", () => {
    expect(read("512-555-0100, 512-555-0101, 555-0102 DNC").phones ?? []).not.toContainEqual(
      expect.not.objectContaining({ consent_status: "denied" }),
    );
  });

  it.each(["ask Maria", "+44 20 7946 0958 John", "512-555-0100 x12"])("%j is refused as before", (cell) => {
    expect(read(cell).reason).toBeDefined();
  });
});

describe("numbers of Mexico", () => {
  it.each([
    "(55) 1234 5678",
    "(55)12345678",
    "33 1234 5678",
    "55-1234-5678",
    "52 55 1234 5678",
    "+52 1 55 1234 5678",
    "044 55 1234 5678",
    "01 55 1234 5678",
  ])("%j is refused as no US number", (cell) => {
    expect(read(cell).reason).toMatch(/not a US number/);
  });

  it.each(["001 512 555 0100", "00 1 (512) 555-0100", "0015125550100", "(512) 555 0100", "512 5550100"])(
    "%j is a US number",
    (cell) => {
      expect(read(cell).phones?.[0]?.e164).toBe("+15125550100");
    },
  );
});
