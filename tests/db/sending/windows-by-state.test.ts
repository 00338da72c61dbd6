// When people of each state may be written to, by their area code: Wednesdays, Saturdays and Sundays, to the minute.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ArrangedOrg, arrangeOrg } from "../../fixtures/arrange-sending.ts";
import { CENTRAL, EASTERN, local, MOUNTAIN, PACIFIC, readWindow, WIDE } from "../../fixtures/read-window.ts";
import { type BareDatabase, startBareDatabase } from "../../fixtures/start-bare-database.ts";

let db: BareDatabase;
/** Its hours never decide. */
let org: ArrangedOrg;
beforeAll(async () => {
  db = await startBareDatabase();
  org = await arrangeOrg(db, { numbers: 0, fields: WIDE });
});
afterAll(() => db.close());

const windowAt = (areaCode: number, state: string | null, now: Date, orgId = org.id, store = false) =>
  readWindow(db, orgId, { areaCode, state }, now, store);

const WED = "2026-06-10";
const SAT = "2026-06-13";
const SUN = "2026-06-14";
const MON = "2026-06-15";
/** The day after each of these. */
const NEXT: Record<string, string> = { [WED]: "2026-06-11", [SAT]: SUN, [SUN]: MON };
const minuteBefore = (instant: Date) => new Date(instant.getTime() - 60_000);

// Local hours of Wednesday, Saturday and Sunday; a dash: not on that day. Where sources differ or one is unconfirmed the
// narrower is meant.
const STATE_HOURS: [string, number, string, string, string, string][] = [
  ["AL: 8-20, no Sundays", 205, CENTRAL, "08:00-20:00", "08:00-20:00", "-"],
  ["CA: 9-21 is unconfirmed, so the default", 213, PACIFIC, "09:00-20:00", "09:00-20:00", "12:00-20:00"],
  ["CT: 9-20", 203, EASTERN, "09:00-20:00", "09:00-20:00", "09:00-20:00"],
  ["FL: 8-20, Fla. Stat. 501.059", 305, EASTERN, "08:00-20:00", "08:00-20:00", "08:00-20:00"],
  ["IL: 9-21, the later of two sources", 312, CENTRAL, "09:00-21:00", "09:00-21:00", "09:00-21:00"],
  ["KY: 10-21", 859, EASTERN, "10:00-21:00", "10:00-21:00", "10:00-21:00"],
  ["LA: 8-20, no Sundays", 504, CENTRAL, "08:00-20:00", "08:00-20:00", "-"],
  ["MD: 8-20", 301, EASTERN, "08:00-20:00", "08:00-20:00", "08:00-20:00"],
  ["MA: 8-20", 617, EASTERN, "08:00-20:00", "08:00-20:00", "08:00-20:00"],
  ["MI: 9-21", 313, "America/Detroit", "09:00-21:00", "09:00-21:00", "09:00-21:00"],
  ["MN: 9-21", 612, CENTRAL, "09:00-21:00", "09:00-21:00", "09:00-21:00"],
  ["MS: 8-20 Central, no Sundays", 601, CENTRAL, "08:00-20:00", "08:00-20:00", "-"],
  ["NJ: 8-20 is unconfirmed, so the default", 201, EASTERN, "09:00-20:00", "09:00-20:00", "12:00-20:00"],
  ["NV: 9-20", 702, PACIFIC, "09:00-20:00", "09:00-20:00", "09:00-20:00"],
  ["NM: 9-21", 505, MOUNTAIN, "09:00-21:00", "09:00-21:00", "09:00-21:00"],
  ["OK: 8-20, Okla. Stat. tit. 15, 775C.4", 405, CENTRAL, "08:00-20:00", "08:00-20:00", "08:00-20:00"],
  ["PA: the narrowest reading of a garbled source", 215, EASTERN, "09:00-20:00", "09:00-12:00", "-"],
  ["RI: 9-18, Saturdays 10-17, Sundays closed", 401, EASTERN, "09:00-18:00", "10:00-17:00", "-"],
  ["TX: 9-21, Sundays 12-21", 214, CENTRAL, "09:00-21:00", "09:00-21:00", "12:00-21:00"],
  ["WA: 8-20 is unconfirmed, so the default", 206, PACIFIC, "09:00-20:00", "09:00-20:00", "12:00-20:00"],
  ["GA, a state without rules: the default", 404, EASTERN, "09:00-20:00", "09:00-20:00", "12:00-20:00"],
  ["HI, no daylight saving", 808, "Pacific/Honolulu", "09:00-20:00", "09:00-20:00", "12:00-20:00"],
  ["PR, no daylight saving", 787, "America/Puerto_Rico", "09:00-20:00", "09:00-20:00", "12:00-20:00"],
  ["GU, where it is tomorrow", 671, "Pacific/Guam", "09:00-20:00", "09:00-20:00", "12:00-20:00"],
  ["VI", 340, "America/St_Thomas", "09:00-20:00", "09:00-20:00", "12:00-20:00"],
  ["AZ, no daylight saving", 602, "America/Phoenix", "09:00-20:00", "09:00-20:00", "12:00-20:00"],
  [
    "AZ with the Navajo Nation (928): both its clocks",
    928,
    "America/Phoenix",
    "09:00-19:00",
    "09:00-19:00",
    "12:00-19:00",
  ],
  ["AK with Adak, an hour behind", 907, "America/Anchorage", "10:00-20:00", "10:00-20:00", "13:00-20:00"],
  ["FL's panhandle (850): both zones", 850, EASTERN, "09:00-20:00", "09:00-20:00", "09:00-20:00"],
  ["448, an overlay of 850", 448, EASTERN, "09:00-20:00", "09:00-20:00", "09:00-20:00"],
  ["689, an overlay of 407 (Orlando)", 689, EASTERN, "08:00-20:00", "08:00-20:00", "08:00-20:00"],
  ["KY's west (270): both zones", 270, EASTERN, "11:00-21:00", "11:00-21:00", "11:00-21:00"],
  ["364, an overlay of 270", 364, EASTERN, "11:00-21:00", "11:00-21:00", "11:00-21:00"],
  ["ID (208): Boise and the north", 208, "America/Boise", "10:00-20:00", "10:00-20:00", "13:00-20:00"],
  ["986, an overlay of 208", 986, "America/Boise", "10:00-20:00", "10:00-20:00", "13:00-20:00"],
  ["SD (605): two zones", 605, CENTRAL, "10:00-20:00", "10:00-20:00", "13:00-20:00"],
  ["TX's west (915) is Mountain", 915, MOUNTAIN, "09:00-21:00", "09:00-21:00", "12:00-21:00"],
];

describe("hours by state and area code", () => {
  test.each(STATE_HOURS)("%s (%i)", async (_name, areaCode, zone, wednesday, saturday, sunday) => {
    const hours: Record<string, string> = { [WED]: wednesday, [SAT]: saturday, [SUN]: sunday };
    const at = (day: string, time: string) => local(`${day}T${time}`, zone);
    for (const [day, span] of Object.entries(hours)) {
      if (span === "-") {
        expect(await windowAt(areaCode, null, at(day, "14:00"))).toMatchObject({ is_open: false });
        continue;
      }
      const [opens, closes] = span.split("-").map((time) => at(day, time)) as [Date, Date];
      expect(await windowAt(areaCode, null, minuteBefore(opens))).toMatchObject({
        ...{ is_open: false, next_open_at: opens, valid_to: opens },
      });
      expect(await windowAt(areaCode, null, opens)).toMatchObject({ is_open: true, valid_to: closes });
      expect(await windowAt(areaCode, null, minuteBefore(closes))).toMatchObject({
        is_open: true,
        valid_to: closes,
      });
      const atClose = await windowAt(areaCode, null, closes);
      expect(atClose.is_open).toBe(false);
      // The day after has the hours of its own weekday.
      const after = day === SAT ? sunday : wednesday;
      if (after !== "-")
        expect(atClose.next_open_at).toEqual(at(NEXT[day] as string, after.split("-")[0] as string));
      else expect(atClose.next_open_at).toEqual(at(MON, wednesday.split("-")[0] as string));
    }
  });
});
