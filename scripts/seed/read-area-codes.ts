// Reads and checks the table of US area codes, their state and the time zones their holders may be in.
import { readFileSync } from "node:fs";

export interface AreaCodeRow {
  areaCode: string;
  state: string;
  timeZones: string[];
  /** The code that this one overlays, if any; it serves the same area. */
  overlayOf: string | null;
}

const HEADER = "area_code,state,time_zones,overlay_of";

/** Rows in order of area code; throws, naming the line, if the file is malformed. */
export function readAreaCodes(path: string): AreaCodeRow[] {
  const [header, ...lines] = readFileSync(path, "utf8").trim().split("\n");
  if (header !== HEADER) throw new Error(`${path}: the first line must be ${HEADER}`);
  const seen = new Set<string>();
  const rows = lines.map((line, index) => {
    const [areaCode = "", state = "", zones = "", overlayOf = ""] = line.split(",");
    const timeZones = zones.split(" ").filter((zone) => zone !== "");
    const where = `${path}:${index + 2}`;
    if (!/^[2-9]\d\d$/.test(areaCode) || seen.has(areaCode))
      throw new Error(`${where}: bad area code ${areaCode}`);
    if (!/^[A-Z]{2}$/.test(state)) throw new Error(`${where}: bad state ${state}`);
    if (timeZones.length === 0) throw new Error(`${where}: no time zone`);
    // Throws RangeError on a zone that does not exist.
    for (const timeZone of timeZones) new Intl.DateTimeFormat("en-US", { timeZone });
    seen.add(areaCode);
    return { areaCode, state, timeZones, overlayOf: overlayOf === "" ? null : overlayOf };
  });
  return rows.sort((a, b) => a.areaCode.localeCompare(b.areaCode));
}
