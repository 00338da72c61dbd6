// What spreadsheets and web programs make of cells: read where nothing is lost, told where digits are.
import { describe, expect, it } from "vitest";
import type { ImportField, Mapping } from "../../../supabase/functions/_shared/csv/import-fields.ts";
import { normaliseRow, planRows } from "../../../supabase/functions/_shared/csv/normalise-row.ts";

function rowOf(field: ImportField, cell: string) {
  const mapping: Mapping = { X: field, Phone: "primary_phone" };
  return normaliseRow({ line: 2, cells: [cell, "512-555-0199"] }, planRows(["X", "Phone"], mapping, []));
}
const readValue = (field: ImportField, cell: string) => {
  const { lead, parcel, warnings } = rowOf(field, cell);
  expect(warnings).toBeUndefined();
  return (parcel as Record<string, unknown> | undefined)?.[field] ?? lead?.[field];
};
const phonesOf = (cell: string) => {
  const plan = planRows(["Phone"], { Phone: "primary_phone" }, []);
  return normaliseRow({ line: 2, cells: [cell] }, plan).phones?.map(({ e164 }) => e164) ?? [];
};

describe("read are", () => {
  it.each<[ImportField, string, unknown]>([
    ["apn", '="0012"', "0012"],
    ["apn", `'="0012"`, "0012"],
    ["apn", "'001-002-003", "001-002-003"],
    ["apn", "1.23456789E+8", "123456789"],
    ["apn", "12E4", "12E4"],
    ["apn", "R-100", "R-100"],
    ["apn", "MAR-100", "MAR-100"],
    ["postal_code", '="02134"', "02134"],
    ["postal_code", "'02134", "02134"],
    ["postal_code", "7.8701E+04", "78701"],
    ["postal_code", "78,701", "78701"],
    ["postal_code", "6011234", "00601-1234"],
    ["acreage", ".25", 0.25],
    ["acreage", "0,125", 0.125],
    ["acreage", ",5", 0.5],
    ["acreage", "5 AC +/-", 5],
    ["acreage", "+/- 5 acres", 5],
    ["acreage", "10.5 acres m/l", 10.5],
    ["acreage", "10 Acres M.O.L.", 10],
    ["acreage", "5 acres, more or less", 5],
    ["acreage", "~2.5 ac", 2.5],
    ["acreage", "1.00E+01", 10],
    ["acreage", "1,234", 1234],
    ["estimated_value", "1.234.567", 1234567],
    ["first_name", "O&#39;Brien", "O'Brien"],
    ["first_name", "O&#146;Brien", "O’Brien"],
    ["last_name", "Mu&ntilde;oz", "Muñoz"],
    ["last_name", "MU&NTILDE;OZ", "Muñoz"],
    ["last_name", "Mun\u0303oz", "Muñoz"],
    ["last_name", "Smith &amp;amp; Co", "Smith &amp; Co"],
    ["last_name", "AT&T; x", "AT&T; x"],
    ["address1", "'12 Oak St", "12 Oak St"],
    ["notes", "'quoted", "'quoted"],
    ["notes", "&#0;&#1114112;&#xd800;", "&#0;&#1114112;&#xd800;"],
  ])("%s %j as %j", (field, cell, value) => {
    expect(readValue(field, cell)).toBe(value);
  });

  it.each([
    ["5.125550123E9", ["+15125550123"]],
    ["5.125550123E+09", ["+15125550123"]],
    ["1.5125550123E+10", ["+15125550123"]],
    ["5.1255501E9", ["+15125550100"]],
    ["5,125,550,123", ["+15125550123"]],
    ['="5125550123"', ["+15125550123"]],
    ["'5125550123", ["+15125550123"]],
    ["512-555-0100/0101", ["+15125550100", "+15125550101"]],
    ["512-555-0100/01", ["+15125550100", "+15125550101"]],
    ["(512) 555-0100 or 0101", ["+15125550100", "+15125550101"]],
    ["512.555.0100 / 556.0101", ["+15125550100", "+15125560101"]],
    ["512-555-0100, 0101, 0102", ["+15125550100", "+15125550101", "+15125550102"]],
    ["5.12556E+09", []],
    ["5.1255501E+09", []],
    ["5.125E9", []],
  ])("the phones in %j", (cell, phones) => {
    expect(phonesOf(cell)).toEqual(phones);
  });
});

describe("told in a warning, kept as they are, and no value of their field are", () => {
  it.each([
    "1.23457E+15",
    "1,23457E+15",
    "1E+10",
    "12-May",
    "2-Oct-01",
    "2-Oct-2001",
    "May-12",
    "12-may",
    "5-ene",
    "5/12/2001",
    "2001-05-12 00:00:00",
    "####",
    "########",
    "#NAME?",
    "#REF!",
    "#VALUE!",
    "#DIV/0!",
    "#¿NOMBRE?",
  ])("the parcel number %j", (cell) => {
    const { lead, parcel, warnings } = rowOf("apn", cell);
    expect(parcel).toBeUndefined();
    expect(lead?.custom_fields).toEqual({ X: cell });
    expect(warnings).toEqual([
      { field: "X", reason: expect.stringMatching(/spreadsheet.* Format the column as text/) },
    ]);
  });

  it.each(["110001", "12345678901", "1.2E+07", "12-May", "####"])("the ZIP code %j", (cell) => {
    const { lead, warnings } = rowOf("postal_code", cell);
    expect(lead?.postal_code).toBeUndefined();
    expect(lead?.custom_fields).toEqual({ X: cell });
    expect(warnings).toHaveLength(1);
  });
});

it("errors of spreadsheets are no value in other fields", () => {
  for (const field of ["first_name", "address1", "county", "notes", "custom_field"] as const)
    for (const cell of ["#NAME?", "#NUM!", "#N/A", "\\N"])
      expect(rowOf(field, cell).lead).toEqual({ tags: [] });
});
