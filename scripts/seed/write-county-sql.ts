// Writes the list of counties as the database has it.
import type { CountyRow } from "./read-counties.ts";
import { writeSql } from "./write-sql.ts";

/** SQL text of `us-counties.sql`. */
export function writeCountySql(rows: CountyRow[]): string {
  return writeSql({
    purpose: "Counties and what stands in their place, by state, those that are no more included.",
    table: "private.us_counties",
    columns: ["fips", "state", "name", "kind", "is_current"],
    conflict: "fips",
    updates: ["state", "name", "kind", "is_current"],
    rows: rows.map(({ fips, state, name, kind, isCurrent }) => [fips, state, name, kind, isCurrent]),
  });
}
