// The result of one row of a file: a lead or a reason, and values that did not fit.
import { describe, expect, it } from "vitest";
import type { Mapping } from "../../../supabase/functions/_shared/csv/import-fields.ts";
import {
  normaliseRow,
  planRows,
  type RowOptions,
} from "../../../supabase/functions/_shared/csv/normalise-row.ts";

/** @param row {column: [field, cell]} */
function normalise(row: Record<string, [string, string]>, tags: string[] = [], options: RowOptions = {}) {
  const columns = Object.keys(row);
  const mapping = Object.fromEntries(columns.map((column) => [column, row[column]?.[0]])) as Mapping;
  const cells = columns.map((column) => row[column]?.[1] ?? "");
  return normaliseRow({ line: 7, cells }, planRows(columns, mapping, tags, options));
}
const PHONE: [string, string] = ["primary_phone", "512-555-0100"];
const leadOf = (field: string, cell: string) => normalise({ Phone: PHONE, X: [field, cell] });

describe("phones", () => {
  it("become primary, secondary, alternate in order, without doubles", () => {
    const row = normalise({
      Alt: ["alternate_phone", "(512) 555-0103"],
      Main: ["primary_phone", "512.555.0101; 512-555-0102"],
      Two: ["secondary_phone", "+1 512 555 0101"],
    });
    expect(row.phones?.map(({ e164, role, field }) => [e164, role, field])).toEqual([
      ["+15125550101", "primary", "Main"],
      ["+15125550102", "secondary", "Main"],
      ["+15125550103", "alternate", "Alt"],
    ]);
    expect(row.warnings).toBeUndefined();
  });

  it("promote the first valid one if the primary is bad; that is reported and kept", () => {
    const row = normalise({ Main: ["primary_phone", "ask"], Cell: ["other_phone", "512 555 0100"] });
    expect(row.phones).toEqual([{ e164: "+15125550100", role: "primary", field: "Cell" }]);
    expect(row.lead?.custom_fields).toEqual({ Main: "ask" });
    expect(row.warnings).toMatchObject([{ field: "Main" }]);
  });

  it("beyond three are kept as custom fields", () => {
    const row = normalise(
      Object.fromEntries([1, 2, 3, 4].map((n) => [`P${n}`, ["other_phone", `512-555-010${n}`]])),
    );
    expect(row.phones).toHaveLength(3);
    expect(row.lead?.custom_fields).toEqual({ P4: "512-555-0104" });
  });

  it("reject the row if none is valid, naming the column and the reason", () => {
    expect(normalise({ A: ["first_name", "Ana"], P: ["primary_phone", "911"] })).toMatchObject({
      line: 7,
      field: "P",
      raw: ["Ana", "911"],
    });
    expect(normalise({ P: ["primary_phone", ""], Q: ["other_phone", " "] })).toMatchObject({
      field: "P",
      reason: "The row has no phone number.",
    });
  });

  it.each(["Yes", "Y", "TRUE", "1", "x", "Federal", "Litigator", "2023-01-05", "sí"])(
    "flagged %j as not to be called are imported with consent denied, and the flag is kept",
    (flag) => {
      const row = normalise({
        P: PHONE,
        "P DNC": ["primary_phone_dnc", flag],
        Q: ["secondary_phone", "512-555-0101"],
        "Q DNC": ["secondary_phone_dnc", "No"],
      });
      expect(row.phones?.map(({ consent_status }) => consent_status)).toEqual(["denied", undefined]);
      expect(row.lead?.custom_fields).toEqual({ "P DNC": flag });
      expect(row.warnings).toBeUndefined();
    },
  );

  it.each(["", " ", "no", "N", "false", "0", "Clean", "Not listed"])("flagged %j may be called", (flag) => {
    const row = normalise({ P: PHONE, D: ["phone_dnc", flag] });
    expect(row.phones?.[0]?.consent_status).toBeUndefined();
    expect(row.lead?.custom_fields).toBeUndefined();
  });

  it("are all flagged by a flag of the row, and by the number its column names where they are other phones", () => {
    const flagged = (row: Record<string, [string, string]>) =>
      normalise(row).phones?.map(({ consent_status }) => consent_status === "denied");
    const phones: Record<string, [string, string]> = {
      "Phone 1": ["other_phone", "512-555-0100"],
      "Phone 2": ["other_phone", "512-555-0101"],
      "Phone 3": ["other_phone", "512-555-0102"],
    };
    expect(flagged({ ...phones, Litigator: ["phone_dnc", "Yes"] })).toEqual([true, true, true]);
    expect(flagged({ ...phones, "Phone 2 DNC": ["other_phone_dnc", "Y"] })).toEqual([false, true, false]);
    // A flag without a name may mean any of them.
    expect(flagged({ Bad: ["other_phone_dnc", "Y"], ...phones })).toEqual([true, true, true]);
    // The strictest flag counts if a phone is in two columns.
    expect(
      flagged({ A: PHONE, B: ["secondary_phone", PHONE[1]], "B DNC": ["secondary_phone_dnc", "Y"] }),
    ).toEqual([true]);
  });

  it("take their type from the column beside them", () => {
    const types = (cell: string) =>
      normalise({ P: PHONE, T: ["primary_phone_type", cell] }).phones?.[0]?.line_type;
    expect(["Wireless", "Residential", "VoIP", "pager", ""].map(types)).toEqual([
      "mobile",
      "landline",
      "voip",
      "other",
      undefined,
    ]);
  });
});

describe("cells", () => {
  it.each<[string, string, unknown]>([
    ["full_name", "Garcia, Maria Elena", { first_name: "Maria Elena", last_name: "Garcia" }],
    ["full_name", "Maria Garcia", { first_name: "Maria", last_name: "Garcia" }],
    ["full_name", "Smith Family Trust", { last_name: "Smith Family Trust" }],
    ["state", "new mexico", { state: "NM" }],
    ["state", "N.M.", { state: "NM" }],
    ["postal_code", "2134", { postal_code: "02134", state: "MA" }],
    ["postal_code", "787015555", { postal_code: "78701-5555", state: "TX" }],
    ["postal_code", "78701.0", { postal_code: "78701", state: "TX" }],
    ["language", "Español", { language: "es" }],
    ["consent_status", "Sí", { consent_status: "granted" }],
    ["consent_status", "opt-out", { consent_status: "denied" }],
    ["status", "Not Interested", { status: "not_interested" }],
    ["lead_score", "HOT", { lead_score: "hot" }],
    ["email", "ana@example.com", { email: "ana@example.com" }],
    ["notes", "'=1+1", { notes: "=1+1" }],
    ["custom_field", "kept", { custom_fields: { X: "kept" } }],
    ["ignore", "dropped", {}],
  ])("%s: %j", (field, cell, expected) => {
    const row = leadOf(field, cell);
    expect(row.lead).toEqual({ tags: [], ...(expected as object) });
    expect(row.warnings).toBeUndefined();
  });

  it.each([
    ["acreage", "1,200.5 ac", 1200.5],
    ["acreage", "12,5", 12.5],
    ["estimated_value", "$120,000", 120000],
    ["estimated_value", "1.234.567,89", 1234567.89],
    ["estimated_value", "1,234,567", 1234567],
  ])("%s: %j is %d", (field, cell, value) => {
    expect(leadOf(field, cell).parcel).toMatchObject({ [field]: value });
  });

  it.each([
    ["state", "Ontario"],
    ["email", "nobody"],
    ["acreage", "many"],
    ["acreage", "99999999.5"],
    ["estimated_value", "999999999999.5"],
    ["estimated_value", "-5"],
    ["language", "fr"],
    ["status", "sold"],
    ["consent_status", "maybe"],
    ["first_name", "x".repeat(201)],
    ["full_name", `${"x".repeat(201)} y`],
    ["tags", Array.from({ length: 51 }, (_, i) => `T${i}`).join(",")],
  ])("that do not fit %s are kept as a custom field, with a warning", (field, cell) => {
    const row = leadOf(field, cell);
    expect(row.reason).toBeUndefined();
    expect(row.lead?.custom_fields).toEqual({ X: cell });
    expect(row.warnings).toMatchObject([
      { field: "X", reason: expect.stringContaining("kept as a custom field") },
    ]);
  });

  it("of tags are added to the import's, in the form of tags", () => {
    const row = normalise({ P: PHONE, T: ["tags", "vip, texas land | ñandú;VIP"] }, ["Q1"]);
    expect(row.lead?.tags).toEqual(["Q1", "VIP", "TEXAS-LAND", "NANDU"]);
  });

  it("of separate columns win over the whole name", () => {
    expect(normalise({ P: PHONE, N: ["full_name", "A B"], F: ["first_name", "Ana"] }).lead).toMatchObject({
      first_name: "Ana",
    });
    expect(normalise({ F: ["first_name", "Ana"], P: PHONE, N: ["full_name", "A B"] }).lead).toMatchObject({
      first_name: "Ana",
    });
  });
});

describe("cleaning", () => {
  const ROW: Record<string, [string, string]> = {
    P: PHONE,
    F: ["first_name", "MARY ANN"],
    L: ["last_name", "o'brien"],
    A: ["address1", "12 NW OAK ST"],
    C: ["city", "SAN ANTONIO"],
    K: ["county", "DE WITT"],
    S: ["situs", "COUNTY ROAD 5"],
    M: ["notes", "CALL"],
  };

  it("corrects the case of names, addresses, cities and counties only", () => {
    const { lead, parcel } = normalise(ROW);
    expect({ ...lead, ...parcel }).toEqual({
      tags: [],
      first_name: "Mary Ann",
      last_name: "O'Brien",
      address1: "12 NW Oak St",
      city: "San Antonio",
      county: "De Witt",
      situs: "County Road 5",
      notes: "CALL",
    });
  });

  it("leaves them unchanged with keep_case", () => {
    expect(normalise(ROW, [], { keep_case: true })).toMatchObject({
      lead: { first_name: "MARY ANN", last_name: "o'brien", city: "SAN ANTONIO", county: "DE WITT" },
      parcel: { situs: "COUNTY ROAD 5" },
    });
  });

  it("corrects the case of a whole name before it is split, and only a comma marks the last name", () => {
    const whole = (cell: string) => {
      const { first_name: first, last_name: last } = leadOf("full_name", cell).lead ?? {};
      return [first, last];
    };
    expect(whole("GARCIA, MARIA ELENA")).toEqual(["Maria Elena", "Garcia"]);
    expect(whole("DE LA CRUZ, JUAN")).toEqual(["Juan", "de la Cruz"]);
    expect(whole("GARCIA MARIA &")).toEqual(["Garcia", "Maria"]);
    expect(whole("SMITH JOHN ET AL")).toEqual(["Smith", "John"]);
    expect(whole("JOHN & MARY SMITH")).toEqual(["John & Mary", "Smith"]);
    expect(whole("HILL COUNTRY LAND HOLDINGS LLC")).toEqual([undefined, "Hill Country Land Holdings LLC"]);
  });

  it.each(["N/A", "n/a", "#N/A", "NULL", "-", "--", "none", "Unknown", "NA", "not available", "Desconocido"])(
    "takes %j for an empty cell",
    (cell) => {
      for (const field of ["first_name", "email", "state", "acreage", "tags", "status"]) {
        const row = leadOf(field, cell);
        // People named Null and Na exist.
        expect([row.lead, row.parcel, row.warnings], field).toEqual([{ tags: [] }, undefined, undefined]);
      }
      const row = normalise({ P: ["primary_phone", cell], Q: ["other_phone", "512-555-0100"] });
      expect([row.phones?.length, row.warnings, row.lead]).toEqual([1, undefined, { tags: [] }]);
    },
  );

  it.each(["0000000000", "1111111111", "(000) 000-0000", "999-999-9999", "0", "1 555 555 5555"])(
    "takes the phone %j for none",
    (cell) => {
      const row = normalise({ P: ["primary_phone", cell], Q: ["other_phone", "512-555-0100"] });
      expect([row.phones?.length, row.warnings, row.lead]).toEqual([1, undefined, { tags: [] }]);
      expect(normalise({ P: ["primary_phone", cell] }).reason).toBe("The row has no phone number.");
    },
  );

  it("keeps people called Null, and values of the list's own columns", () => {
    expect(leadOf("last_name", "Null").lead).toMatchObject({ last_name: "Null" });
    expect(leadOf("custom_field", "None").lead).toMatchObject({ custom_fields: { X: "None" } });
    expect(leadOf("custom_field", "NULL").lead).toEqual({ tags: [] });
    expect(leadOf("consent_status", "unknown").lead).toMatchObject({ consent_status: "unknown" });
  });
});

describe("automatic tags", () => {
  const ROW: Record<string, [string, string]> = {
    P: PHONE,
    S: ["state", "CA"],
    K: ["county", "HARRIS"],
    A: ["acreage", "5"],
    T: ["tags", "vip"],
  };
  const tags = (auto_tags: RowOptions["auto_tags"], more: Record<string, [string, string]> = {}) =>
    normalise({ ...ROW, ...more }, ["Q1"], { auto_tags }).lead?.tags;

  it("are given if they are asked for, after those of the list", () => {
    expect(tags(undefined)).toEqual(["Q1", "VIP"]);
    expect(tags({ geographic: false, property: false })).toEqual(["Q1", "VIP"]);
    expect(tags({ geographic: true })).toEqual(["Q1", "VIP", "CA-HAR"]);
    expect(tags({ property: true })).toEqual(["Q1", "VIP", "5-10AC"]);
    expect(tags({ geographic: true, property: true })).toEqual(["Q1", "VIP", "CA-HAR", "5-10AC"]);
  });

  it("take the state of the land if the file has it, and none if its cell is empty", () => {
    expect(tags({ geographic: true }, { L: ["property_state", "Texas"] })).toContain("TX-HAR");
    expect(tags({ geographic: true }, { L: ["property_state", ""] })).toEqual(["Q1", "VIP"]);
  });

  it("are added once, and never beyond the limit of tags of a lead", () => {
    expect(tags({ property: true }, { T: ["tags", "5-10ac"] })).toEqual(["Q1", "5-10AC"]);
    const full = Array.from({ length: 49 }, (_, i) => `T${i}`).join(",");
    expect(tags({ geographic: true, property: true }, { T: ["tags", full] })).toHaveLength(50);
  });
});

describe("rows", () => {
  it("that are shorter than the header are accepted, longer ones only if nothing is lost", () => {
    const plan = planRows(["P", "N"], { P: "primary_phone", N: "first_name" }, []);
    expect(normaliseRow({ line: 2, cells: ["512-555-0100"] }, plan).phones).toHaveLength(1);
    expect(normaliseRow({ line: 2, cells: ["512-555-0100", "Ana", "", " "] }, plan).phones).toHaveLength(1);
    expect(normaliseRow({ line: 2, cells: ["512-555-0100", "Ana", "x"] }, plan).reason).toMatch(
      /3 cells.*2 columns/,
    );
  });

  it("that had zero bytes are imported without them, with a warning", () => {
    const plan = planRows(["P", "N"], { P: "primary_phone", N: "first_name" }, []);
    expect(normaliseRow({ line: 2, cells: ["512-555-0100", "Ana"], damaged: 1 }, plan).warnings).toEqual([
      { field: "N", reason: expect.stringContaining("NUL") },
    ]);
  });

  it("that could not be read are rejected as they are", () => {
    expect(
      normaliseRow(
        { line: 3, cells: ["a"], problem: "open quote" },
        planRows(["P"], { P: "primary_phone" }, []),
      ),
    ).toEqual({
      line: 3,
      raw: ["a"],
      reason: "open quote",
    });
  });
});
