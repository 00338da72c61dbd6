// Where people live: city, state and ZIP code in one cell, whole addresses, ZIP codes alone, other countries.
import { describe, expect, it } from "vitest";
import { readCityStateZip, readFullAddress } from "../../../supabase/functions/_shared/csv/read-place.ts";
import { suggestMapping } from "../../../supabase/functions/_shared/csv/suggest-mapping.ts";
import { readRows } from "../../fixtures/read-rows.ts";

const leadOf = (columns: string[], ...cells: string[]) => {
  const [row] = readRows(columns, cells).rows;
  const { state, city, postal_code: zip, address1: street, custom_fields: custom } = row?.lead ?? {};
  return {
    reason: row?.reason,
    field: row?.field,
    warnings: row?.warnings,
    street,
    city,
    state,
    zip,
    custom,
  };
};

describe("a cell of city, state and ZIP code", () => {
  it.each<[string, string | undefined, string, string | undefined]>([
    ["LOS ANGELES, CA 90001", "LOS ANGELES", "CA", "90001"],
    ["Los Angeles CA 90001-1234", "Los Angeles", "CA", "90001-1234"],
    ["Los Angeles, California 90001", "Los Angeles", "CA", "90001"],
    ["Los Angeles, CA, 90001, USA", "Los Angeles", "CA", "90001"],
    ["AUSTIN TX 787011234", "AUSTIN", "TX", "78701-1234"],
    ["BOSTON MA 2134", "BOSTON", "MA", "02134"],
    ["Austin/TX/78701", "Austin", "TX", "78701"],
    ["AUSTIN TX", "AUSTIN", "TX", undefined],
    ["Austin, US-TX", "Austin", "TX", undefined],
    ["Austin US-TX 78701", "Austin", "TX", "78701"],
    ["New York NY 10001", "New York", "NY", "10001"],
    ["New York, New York", "New York", "NY", undefined],
    ["Charleston West Virginia 25301", "Charleston", "WV", "25301"],
    ["Washington, D.C. 20001", "Washington", "DC", "20001"],
    ["Mexico, MO 65265", "Mexico", "MO", "65265"],
    ["Peru, IN", "Peru", "IN", undefined],
    ["San Juan, PR 00901", "San Juan", "PR", "00901"],
    ["Albuquerque, Nuevo México 87101", "Albuquerque", "NM", "87101"],
    ["Houston, TX 77001, Estados Unidos", "Houston", "TX", "77001"],
    ["Los Angeles 90001", "Los Angeles", "CA", "90001"],
    ["CA 90001", undefined, "CA", "90001"],
    ["90001", undefined, "CA", "90001"],
  ])("%j", (text, city, state, zip) => {
    expect(readCityStateZip(text)).toEqual({
      state,
      ...(city && { city }),
      ...(zip && { postal_code: zip }),
    });
  });

  it.each([
    ["Guadalajara, Jalisco, Mexico", "Mexico"],
    ["Monterrey NL, México", "Mexico"],
    ["Toronto ON M5V 2T6", "Canada"],
    ["Vancouver, BC, Canada", "Canada"],
    ["Madrid, España", "Spain"],
  ])("%j is abroad", (text, country) => {
    expect(readCityStateZip(text)).toEqual({ country });
  });

  it.each([
    "Guadalajara, Jalisco 44100",
    "Guadalajara Jalisco 44100",
    "Kansas City",
    "somewhere",
    "x".repeat(400),
  ])("%j says no state", (text) => {
    expect(readCityStateZip(text)).toBeNull();
  });
});

describe("a whole address", () => {
  it.each<[string, object]>([
    [
      "123 Main St, Los Angeles, CA 90001",
      { street: "123 Main St", city: "Los Angeles", state: "CA", postal_code: "90001" },
    ],
    [
      "12 A St, Apt 4, Austin, Texas 78701, USA",
      { street: "12 A St, Apt 4", city: "Austin", state: "TX", postal_code: "78701" },
    ],
    ["123 Main St, Austin, TX", { street: "123 Main St", city: "Austin", state: "TX" }],
    ["123 Main St Los Angeles CA 90001", { state: "CA", postal_code: "90001" }],
    // Northeast is a direction here.
    ["456 1st St NE 20002", { state: "DC", postal_code: "20002" }],
    ["Av. Juárez 12, Guadalajara, Jalisco, Mexico", { country: "Mexico" }],
  ])("%j", (text, place) => {
    expect(readFullAddress(text)).toEqual(place);
  });

  it.each([
    "123 Main St",
    "PO Box 12345",
    "500 Virginia Ave",
    "12 Oak CT",
    "Calle 5 de La",
    "12 Oak Ct, Unit 5, NE",
    "CR 5 Box 44",
    "9 Mexico St",
  ])("%j is only a street", (text) => {
    expect(readFullAddress(text)).toBeNull();
  });
});

describe("a row", () => {
  it("takes city, state and ZIP code from one column", () => {
    const columns = ["Owner", "Phone", "Mailing Address", "Mailing City State Zip"];
    expect(leadOf(columns, "Ann Bee", "2125550142", "123 Main St", "LOS ANGELES, CA 90001")).toMatchObject({
      street: "123 Main St",
      city: "Los Angeles",
      state: "CA",
      zip: "90001",
      warnings: undefined,
      custom: undefined,
    });
    expect(leadOf(columns, "Ann Bee", "2125550142", "123 Main St", "somewhere")).toMatchObject({
      state: undefined,
      warnings: [{ field: "Mailing City State Zip" }],
      custom: { "Mailing City State Zip": "somewhere" },
    });
  });

  it("takes them from a whole address, and the state from a ZIP code, but columns of their own win", () => {
    expect(
      leadOf(["Phone", "Mailing Address"], "2125550142", "123 MAIN ST, LOS ANGELES, CA 90001"),
    ).toMatchObject({
      street: "123 Main St",
      city: "Los Angeles",
      state: "CA",
      zip: "90001",
    });
    expect(leadOf(["Phone", "Mailing Zip"], "2125550142", "90001")).toMatchObject({
      state: "CA",
      zip: "90001",
    });
    expect(leadOf(["Phone", "Mailing Zip", "Mailing State"], "2125550142", "90001", "")).toMatchObject({
      state: "CA",
    });
    expect(leadOf(["Phone", "Mailing Zip", "Mailing State"], "2125550142", "90001", "NV")).toMatchObject({
      state: "NV",
    });
    expect(
      leadOf(["Phone", "Mailing State", "Mailing City State Zip"], "2125550142", "NV", "Reno, CA 90001"),
    ).toMatchObject({
      state: "NV",
      city: "Reno",
    });
  });

  it("takes no state from a ZIP code of another country", () => {
    expect(
      leadOf(["Phone", "Mailing State", "Mailing Zip"], "2125550142", "Jalisco", "44100").state,
    ).toBeUndefined();
  });

  it.each<[string, string, string]>([
    ["Mailing Country", "Mexico", "Mexico"],
    ["Country", "MX", "Mexico"],
    ["País", "Estados Unidos Mexicanos", "Mexico"],
    ["Country", "CAN", "Canada"],
    ["Owner Country", "Reino Unido", "United Kingdom"],
    ["Mailing State", "Jalisco, México", "Mexico"],
    ["Mailing State", "Canada", "Canada"],
    ["Mailing City State Zip", "Toronto ON M5V 2T6", "Canada"],
    ["Mailing Zip", "T2P 1J9", "Canada"],
    ["Ciudad/Edo/CP", "Monterrey, NL, México", "Mexico"],
    ["Mailing Address", "Av. Juárez 12, Guadalajara, Jalisco, Mexico", "Mexico"],
  ])("with %s %j is refused by the country's name", (header, cell, country) => {
    expect(
      leadOf(["Name", "Phone", header], "Ann Bee", "33 1234 5678".replace(/ /g, ""), cell),
    ).toMatchObject({
      field: header,
      reason: expect.stringContaining(`in ${country}.`),
    });
  });

  it.each(["US", "USA", "U.S.A.", "United States", "Estados Unidos", "EE. UU.", "Puerto Rico", "N/A", ""])(
    "with the country %j is imported",
    (cell) => {
      expect(leadOf(["Name", "Phone", "Country"], "Ann Bee", "2125550142", cell)).toMatchObject({
        reason: undefined,
        warnings: undefined,
        custom: undefined,
      });
    },
  );

  it("with a country that is none is imported with a warning", () => {
    expect(leadOf(["Name", "Phone", "Country"], "Ann Bee", "2125550142", "Harris")).toMatchObject({
      reason: undefined,
      warnings: [{ field: "Country" }],
    });
  });
});

describe("columns", () => {
  it.each([
    "Mailing City State Zip",
    "MailCityStZip",
    "City, State Zip",
    "CityStateZip",
    "City/State/ZIP Code",
    "Owner City St Zip",
    "CSZ",
    "mail_csz",
    "Ciudad, Estado y CP",
    "Ciudad y estado",
    "Input Mailing City State Zip",
  ])("%j is one of city, state and ZIP code", (header) => {
    expect(suggestMapping(["Phone", header])[header]).toBe("city_state_zip");
  });

  it("of the land are told from those of the owner", () => {
    const header = ["Phone", "property_city_state_zip", "Mailing City State Zip", "Property Country"];
    expect(suggestMapping(header)).toEqual({
      Phone: "primary_phone",
      property_city_state_zip: "property_city_state_zip",
      "Mailing City State Zip": "city_state_zip",
      "Property Country": "custom_field",
    });
    expect(suggestMapping(["Phone", "Mailing City State Zip", "City State Zip"])["City State Zip"]).toBe(
      "property_city_state_zip",
    );
    const [row] = readRows(["Phone", "Property City State Zip"], ["2125550142", "Austin, TX 78701"]).rows;
    expect([row?.parcel?.state, row?.lead?.state]).toEqual(["TX", undefined]);
  });

  it("of one part are no such columns", () => {
    expect(
      suggestMapping(["Phone", "City", "State/Region", "Zip/Postal Code", "Town or City 2"]),
    ).toMatchObject({
      City: "city",
      "State/Region": "state",
      "Zip/Postal Code": "postal_code",
      "Town or City 2": "custom_field",
    });
    expect(suggestMapping(["Phone", "Input Data: Mailing State"])["Input Data: Mailing State"]).toBe("state");
    expect(suggestMapping(["Phone", "Full Mailing Address"])["Full Mailing Address"]).toBe("address1");
  });
});
