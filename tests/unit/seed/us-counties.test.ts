// The list of counties, and the seed that is written from it.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readCounties } from "../../../scripts/seed/read-counties.ts";
import { writeCountySql } from "../../../scripts/seed/write-county-sql.ts";
import { US_STATES } from "../../../supabase/functions/_shared/leads/us-states.ts";

const root = new URL("../../../", import.meta.url);
const counties = readCounties(new URL("scripts/seed/data/us-counties.csv", root).pathname);

describe("the list of counties", () => {
  it("has the 3,144 counties and equivalents of the states and DC, and every state has some", () => {
    const current = counties.filter(({ isCurrent }) => isCurrent);
    expect(current.filter(({ fips }) => Number(fips.slice(0, 2)) <= 56)).toHaveLength(3144);
    const count = (state: string) => current.filter((county) => county.state === state).length;
    // The states' own counts: Texas 254, Georgia 159, Virginia 95 and 38 cities, Delaware 3, Puerto Rico 78.
    expect(["TX", "GA", "VA", "DE", "LA", "PR", "CT"].map(count)).toEqual([254, 159, 133, 3, 64, 78, 9]);
    expect(Object.keys(US_STATES).filter((state) => count(state) === 0)).toEqual([]);
  });

  it("equals the database's list", () => {
    expect(readFileSync(new URL("supabase/seed/us-counties.sql", root), "utf8")).toBe(
      writeCountySql(counties),
    );
  });
});
