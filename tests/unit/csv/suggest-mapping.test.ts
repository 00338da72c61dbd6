// Which column is mapped to which field, for headers that people and programs write.
import { describe, expect, it } from "vitest";
import { checkMapping } from "../../../supabase/functions/_shared/csv/check-mapping.ts";
import { suggestMapping } from "../../../supabase/functions/_shared/csv/suggest-mapping.ts";

const suggest = (header: string) => suggestMapping(header.split(","));

describe("plain columns of a place beside a mailing address", () => {
  const placeOf = (header: string) => {
    const mapping = suggest(header);
    return ["City", "State", "Zip"].map((name) => mapping[name]);
  };
  it.each([
    "Name,Phone,Mailing Address,City,State,Zip",
    "Phone,Owner Address,City,State,Zip,County,APN",
    "Property Address,Phone,Mailing Address,City,State,Zip",
    "Phone,Mailing Address,City,State,Zip,Property Address",
    "Phone,Mailing Street,City,State,Zip",
  ])("are its own if it has none: %s", (header) => {
    expect(placeOf(header)).toEqual(["city", "state", "postal_code"]);
  });
  it.each([
    "Phone,Mailing Address,Mailing City,Mailing State,Mailing Zip,City,State,Zip",
    "Phone,Mailing Address,Property Address,City,State,Zip",
    "Phone,Mailing Address,Address,City,State,Zip",
  ])("are the land's if it has its own, or the land's street stands before them: %s", (header) => {
    expect(placeOf(header)).toEqual(["custom_field", "property_state", "custom_field"]);
  });
  it("are the land's without a city", () => {
    expect(suggest("Phone,Mailing Address,County,State")).toMatchObject({
      State: "property_state",
      County: "county",
    });
  });
});

describe("a suggested mapping", () => {
  it.each<[string, string, Record<string, string>]>([
    [
      "a data provider's",
      "Owner 1 First Name,Owner 1 Last Name,Owner 2 First Name,Mailing Address,Mailing City,Mailing State,Mailing Zip,Address,City,State,County,APN/Parcel,Lot Acreage,Est. Market Value,Land Use",
      {
        "Owner 1 First Name": "first_name",
        "Owner 1 Last Name": "last_name",
        "Owner 2 First Name": "custom_field",
        "Mailing Address": "address1",
        "Mailing City": "city",
        "Mailing State": "state",
        "Mailing Zip": "postal_code",
        Address: "situs",
        City: "custom_field",
        State: "property_state",
        County: "county",
        "APN/Parcel": "apn",
        "Lot Acreage": "acreage",
        "Est. Market Value": "estimated_value",
        "Land Use": "property_type",
      },
    ],
    [
      "a skip tracer's",
      "INPUT_FIRST,First Name,Last Name,Phone1,Phone1 Type,Phone2,Phone2 Type,Phone 2 DNC,Phone3,Phone3_Type,Phone4,Email1,Email2",
      {
        INPUT_FIRST: "custom_field",
        "First Name": "first_name",
        "Last Name": "last_name",
        Phone1: "primary_phone",
        "Phone1 Type": "primary_phone_type",
        Phone2: "secondary_phone",
        "Phone2 Type": "secondary_phone_type",
        "Phone 2 DNC": "secondary_phone_dnc",
        Phone3: "alternate_phone",
        Phone3_Type: "alternate_phone_type",
        Phone4: "other_phone",
        Email1: "email",
        Email2: "custom_field",
      },
    ],
    [
      "a Spanish one",
      "Nombre,Apellidos,Teléfono,Celular,Correo electrónico,Dirección,Ciudad,Estado,Código Postal,Condado,Número de parcela,Notas",
      {
        Nombre: "first_name",
        Apellidos: "last_name",
        Teléfono: "primary_phone",
        Celular: "secondary_phone",
        "Correo electrónico": "email",
        Dirección: "address1",
        Ciudad: "city",
        Estado: "state",
        "Código Postal": "postal_code",
        Condado: "county",
        "Número de parcela": "apn",
        Notas: "notes",
      },
    ],
    ["a Spanish one without surnames", "Nombre,Tel", { Nombre: "full_name", Tel: "primary_phone" }],
    [
      "the issue's",
      "Owner First Name,Mailing Zip,Phone 1,Cell",
      {
        "Owner First Name": "first_name",
        "Mailing Zip": "postal_code",
        "Phone 1": "primary_phone",
        Cell: "secondary_phone",
      },
    ],
    [
      "camel case",
      "firstName,lastName,primaryPhone,secondaryPhone,alternatePhone,zipCode,leadSource",
      {
        firstName: "first_name",
        lastName: "last_name",
        primaryPhone: "primary_phone",
        secondaryPhone: "secondary_phone",
        alternatePhone: "alternate_phone",
        zipCode: "postal_code",
        leadSource: "source",
      },
    ],
    [
      "a county's",
      "OWNER NAME,MAIL ADDR,MAIL CITY,MAIL ST,MAIL ZIP,SITUS ADDRESS,PROP ID,DEEDED ACRES,APPRAISED VALUE,CONTACT NUMBER",
      {
        "OWNER NAME": "full_name",
        "MAIL ADDR": "address1",
        "MAIL CITY": "city",
        "MAIL ST": "state",
        "MAIL ZIP": "postal_code",
        "SITUS ADDRESS": "situs",
        "PROP ID": "apn",
        "DEEDED ACRES": "acreage",
        "APPRAISED VALUE": "estimated_value",
        "CONTACT NUMBER": "primary_phone",
      },
    ],
    [
      "our own rejected rows'",
      "Name,Phone,import_line,import_outcome,import_field,import_reason",
      {
        Name: "full_name",
        Phone: "primary_phone",
        import_line: "ignore",
        import_outcome: "ignore",
        import_field: "ignore",
        import_reason: "ignore",
      },
    ],
  ])("for %s header", (_, header, expected) => {
    expect(suggest(header)).toEqual(expected);
  });

  it("puts landlines last and gives columns the role that they name", () => {
    expect(suggest("Home Phone,Mobile,Alternate Phone,Work Phone")).toEqual({
      "Home Phone": "secondary_phone",
      Mobile: "primary_phone",
      "Alternate Phone": "alternate_phone",
      "Work Phone": "other_phone",
    });
  });

  it("finds a phone column with an unknown name by its cells", () => {
    const sample = [
      ["Ana", "(512) 555-0100"],
      ["Luis", "512.555.0101 / 713-555-0102"],
      ["Eva", ""],
    ];
    expect(suggestMapping(["Wer", "Nummer"], sample)).toEqual({
      Wer: "custom_field",
      Nummer: "primary_phone",
    });
    expect(suggestMapping(["APN", "Nummer"], [["5125550100", "x"]])).toEqual({
      APN: "apn",
      Nummer: "custom_field",
    });
  });

  it("maps a column to no field if its cells do not fit its name, and a status to the field of which only known words count", () => {
    const columns = ["Phone", "Status", "Score", "Acres", "Email"];
    const sample = [
      ["512-555-0100", "Nurture", "87", "12.5", "a@example.com"],
      ["512-555-0101", "New", "91", "call", "none"],
      ["512-555-0102", "Dead", "", "3 ac", ""],
    ];
    expect(suggestMapping(columns, sample)).toEqual({
      Phone: "primary_phone",
      Status: "phone_status",
      Score: "custom_field",
      Acres: "acreage",
      Email: "email",
    });
  });

  it("takes a flag without a number for all phones, or for the phone before it if each phone has one", () => {
    expect(suggest("Phone 1,Phone 2,DNC,Phone 2 DNC,Phone 1 Litigator,DNC Date")).toEqual({
      "Phone 1": "primary_phone",
      "Phone 2": "secondary_phone",
      DNC: "phone_dnc",
      "Phone 2 DNC": "secondary_phone_dnc",
      "Phone 1 Litigator": "primary_phone_dnc",
      "DNC Date": "custom_field",
    });
    expect(suggest("Cell,DNC,Home Phone,DNC (2)")).toMatchObject({
      DNC: "primary_phone_dnc",
      "DNC (2)": "secondary_phone_dnc",
    });
  });

  it("takes a name beside a last name for the first name", () => {
    expect(suggest("Name,Surname,Phone")).toMatchObject({ Name: "first_name", Surname: "last_name" });
  });

  it("maps no two columns to one field, for any header", () => {
    const header =
      "Name,Full Name,Owner,First,First Name,Phone,Phone,Cell,Tel,Mobile,Zip,Zip Code,Mail Zip,State,Estado,County,Condado,Acres,Acreage";
    const columns = [...new Set(header.split(","))];
    expect(checkMapping(suggestMapping(columns), columns)).toEqual([]);
  });
});

describe("checking a mapping", () => {
  const columns = ["A", "B", "C"];
  it.each<[Record<string, string>, string[]]>([
    [{ A: "primary_phone", B: "first_name" }, []],
    [{ A: "other_phone", B: "other_phone", C: "other_phone" }, []],
    [{ A: "alternate_phone" }, []],
    [{ A: "first_name" }, ["mapping"]],
    [{ Z: "primary_phone" }, ["mapping.Z"]],
    [{ A: "phone" }, ["mapping.A"]],
    [{ A: "primary_phone", B: "primary_phone" }, ["mapping.B"]],
    [{ A: "__proto__" }, ["mapping.A"]],
  ])("%j", (mapping, fields) => {
    expect(checkMapping(mapping, columns).map(({ field }) => field)).toEqual(fields);
  });
});
