// One meaning of "the same parcel" for imports, the API and merges, in SQL; and its twin in TypeScript, for previews.
import { describe, expect, it } from "vitest";
import {
  apnKey,
  countyKey,
  foldText,
  identifyParcel,
  isSameParcel,
  type ParcelValues,
} from "../../../supabase/functions/_shared/leads/same-parcel.ts";
import { COUNTY_CASES, NO_COUNTIES } from "../../fixtures/county-cases.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();

const COUNTIES =
  `Travis|Travis County|TRAVIS CO|travis cnty|Travis Co.|Travis County, TX|TRAVIS CAD|Harris|Fort Bend|Ft. Bend County|St. Louis
St Louis City|Saint Louis|Do\u00f1a Ana|Don\u0303a Ana|Prince George\u2019s|Sta Cruz|Santa Cruz County|saint|fort|County|co|(x)|,|, TX|TX|County TX
Orange County, California|condado de Bexar|Manhattan|48453 Travis|De Kalb|DeKalb|\u00d8sterbro|Travis, Harris|O'Brien`.split(
    /[|\n]/,
  );
const APNS =
  `123-456-789|123456789|0012|12|00-12|R-100|r100|R0100|0|000|-|---|1.23457E+15|12-May|2-Oct-01|May-12|########|#NAME?|5-ene|12E4
\u00d1-1|\u00d1|a b c|ABC|1-2-3|mar-100`.split(/[|\n]/);
const TEXTS = [
  ...COUNTIES,
  ...APNS,
  "O\u2019Brien",
  "o`brien",
  "MUN\u0303OZ",
  "\u0141\u00f3d\u017a",
  "\ufb01n",
  "Stra\u00dfe",
  "\uff2f\uff07Brien",
  "\u00c6on",
];

const PARCELS: ParcelValues[] = [
  { apn: "123-456-789", county: "Travis", state: "TX" },
  { apn: "123456789", county: "TRAVIS CO", state: "TX" },
  { apn: "123456789", county: "Travis County" },
  { apn: "123456789", state: "TX" },
  { apn: "123456789" },
  { apn: "123-456-789", county: "Harris", state: "TX" },
  { apn: "0012", county: "Travis" },
  { apn: "12", county: "Travis" },
  { apn: "1.23457E+15", county: "Travis" },
  { apn: "1.23457E+15", county: "Travis", situs: "1 Oak St" },
  { apn: "1.23457E+15", county: "Travis", situs: "2 Oak St" },
  { situs: "1 Oak St.", county: "Travis" },
  { situs: "1 OAK ST" },
  { situs: "1 OAK ST", county: "Harris" },
  { county: "Travis", acreage: 5 },
  { county: "TRAVIS", acreage: 5 },
  { county: "Travis", acreage: 6 },
  { county: "Travis", acreage: 5, property_type: "Land" },
  { county: "Travis", acreage: 5, property_type: "LAND" },
];

describe("SQL and TypeScript agree about", () => {
  it("folded texts", async () => {
    const rows =
      await bench.sql`select t.text, private.fold_text(t.text) as folded from unnest(${TEXTS}::text[]) t (text)`;
    expect(rows.map(({ text }) => [text, foldText(text)])).toEqual(
      rows.map(({ text, folded }) => [text, folded]),
    );
  });

  it("counties", async () => {
    const texts = [...COUNTIES, ...[...COUNTY_CASES, ...NO_COUNTIES].map(([, text]) => text)];
    const rows =
      await bench.sql`select t.text, private.county_key(t.text, true) as key from unnest(${texts}::text[]) t (text)`;
    expect(rows.map(({ text }) => [text, countyKey(text)])).toEqual(rows.map(({ text, key }) => [text, key]));
  });

  it("parcel numbers", async () => {
    const rows =
      await bench.sql`select t.text, private.apn_key(t.text) as key from unnest(${APNS}::text[]) t (text)`;
    expect(rows.map(({ text }) => [text, apnKey(text)])).toEqual(rows.map(({ text, key }) => [text, key]));
  });

  it("parcels, each with each", async () => {
    const rows = await bench.sql`
      select a.n::int as a, b.n::int as b, private.same_parcel(
        private.identify_parcel(jsonb_populate_record(null::public.lead_properties, a.parcel)),
        private.identify_parcel(jsonb_populate_record(null::public.lead_properties, b.parcel))) as same
      from jsonb_array_elements(${JSON.stringify(PARCELS)}::text::jsonb) with ordinality a (parcel, n)
      cross join jsonb_array_elements(${JSON.stringify(PARCELS)}::text::jsonb) with ordinality b (parcel, n)`;
    const told = rows.map(({ a, b, same }) => ({ a, b, same }));
    const by = (n: number) => identifyParcel(PARCELS[n - 1] as ParcelValues);
    expect(told.map(({ a, b }) => ({ a, b, same: isSameParcel(by(a), by(b)) }))).toEqual(told);
    const pairs = told.filter(({ a, b, same }) => same && a < b).map(({ a, b }) => `${a - 1}=${b - 1}`);
    expect(pairs.join(" ")).toBe(
      "0=1 0=2 0=3 0=4 1=2 1=3 1=4 2=3 2=4 3=4 3=5 4=5 6=7 9=11 9=12 11=12 12=13 14=15 17=18",
    );
  });
});
