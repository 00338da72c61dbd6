// Counties, however they are written, and the list they come from.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readCounties } from "../../../scripts/seed/read-counties.ts";
import { writeCountyModule, writeCountySql } from "../../../scripts/seed/write-county-module.ts";
import {
  normaliseCounty,
  suggestCounties,
} from "../../../supabase/functions/_shared/leads/normalise-county.ts";
import { US_STATES } from "../../../supabase/functions/_shared/leads/us-states.ts";
import { COUNTY_CASES, NO_COUNTIES } from "./county-cases.ts";

const root = new URL("../../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), "utf8");
const counties = readCounties(new URL("scripts/seed/data/us-counties.csv", root).pathname);

describe("the list", () => {
  it("has the 3,144 counties and equivalents of the states and DC, and every state has some", () => {
    const current = counties.filter(({ isCurrent }) => isCurrent);
    expect(current.filter(({ fips }) => Number(fips.slice(0, 2)) <= 56)).toHaveLength(3144);
    const count = (state: string) => current.filter((county) => county.state === state).length;
    // As the states themselves count: Texas 254, Georgia 159, Virginia 95 and 38 cities, Delaware 3, Puerto Rico 78.
    expect(["TX", "GA", "VA", "DE", "LA", "PR", "CT"].map(count)).toEqual([254, 159, 133, 3, 64, 78, 9]);
    expect(Object.keys(US_STATES).filter((state) => count(state) === 0)).toEqual([]);
  });

  it("finds each of its own by name and by full name", () => {
    const lost = counties.filter(({ state, name, kind, fips }) => {
      const full = `${name} ${kind}`.trim();
      return (
        normaliseCounty(state, full)?.fips !== fips ||
        normaliseCounty(state, full.toUpperCase())?.fips !== fips
      );
    });
    expect(lost).toEqual([]);
  });

  it("is what the functions and the database have", () => {
    expect(read("supabase/functions/_shared/leads/us-counties.generated.ts")).toBe(
      writeCountyModule(counties),
    );
    expect(read("supabase/seed/us-counties.sql")).toBe(writeCountySql(counties));
  });
});

it.each(COUNTY_CASES)("%s %j is %s", (state, text, name, fips) => {
  expect(normaliseCounty(state, text)).toMatchObject({ name, fips });
});

it.each(NO_COUNTIES)("%s has no county %j", (state, text) => {
  expect(normaliseCounty(state, text)).toBeNull();
});

it("suggests the nearest names of the state, nearest first, and none for what is nothing like any", () => {
  const names = (state: string, text: string) => suggestCounties(state, text).map(({ name }) => name);
  expect(names("TX", "Haris County")[0]).toBe("Harris");
  expect(names("CA", "San Bernadino")[0]).toBe("San Bernardino");
  expect(names("TX", "Haris")).toHaveLength(3);
  expect([names("TX", ""), names("ZZ", "Harris"), names("TX", "9999999999")]).toEqual([[], [], []]);
});
