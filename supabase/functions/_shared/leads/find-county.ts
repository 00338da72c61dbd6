// Finds the county of a state that a text names, in any spelling: the database has the list and decides.
import type { Direct } from "../db/direct.ts";
import { retryPassingErrors } from "../db/retry-passing-errors.ts";

export interface County {
  /** Five digits. */
  fips: string;
  /** As it is stored and shown: "Harris", "St. Louis", "St. Louis city". */
  name: string;
  /** "Harris County", "Orleans Parish", "St. Louis city". */
  full_name: string;
}

/** @param state two letters. @returns null if the state has no such county */
export type FindCounty = (state: string, text: string) => Promise<County | null>;

export function countyFinder(sql: Direct): FindCounty {
  return async (state, text) => {
    const [county] = await retryPassingErrors(
      () => sql<County[]>`
        select c.fips, c.label as name, trim(c.name || ' ' || c.kind) as full_name
        from private.find_county(${state}, ${text}) c where c.fips is not null`,
    );
    return county ?? null;
  };
}
