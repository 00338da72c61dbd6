// Where the phones of an area code may be: codes in two time zones, and overlays, which cover the area of another code.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ArrangedOrg, arrangeOrg } from "../../fixtures/arrange-sending.ts";
import { local, readWindow, WIDE } from "../../fixtures/read-window.ts";
import { type BareDatabase, startBareDatabase } from "../../fixtures/start-bare-database.ts";
import { readTable, ZONES } from "../../fixtures/window-cases.ts";

let db: BareDatabase;
/** An organisation whose own hours never matter. */
let org: ArrangedOrg;
beforeAll(async () => {
  db = await startBareDatabase();
  org = await arrangeOrg(db, { numbers: 0, fields: WIDE });
});
afterAll(() => db.close());

// area code | state | its clocks | Wednesday in June by the first | in January | source
const AREA_CODES = readTable(
  `
  # Split by exchange in libphonenumber's map of time zones.
  208 | ID | BT PT | 10:00-20:00 | 10:00-20:00 | map: split
  219 | IN | CT IN | 09:00-19:00 | 09:00-19:00 | map: split
  270 | KY | ET CT | 11:00-21:00 | 11:00-21:00 | map: split
  308 | NE | CT MT | 10:00-20:00 | 10:00-20:00 | map: split
  423 | TN | ET CT | 10:00-20:00 | 10:00-20:00 | map: split
  541 | OR | BT PT | 09:00-20:00 | 09:00-20:00 | map: split
  574 | IN | IN CT | 10:00-20:00 | 10:00-20:00 | map: split
  605 | SD | CT MT | 10:00-20:00 | 10:00-20:00 | map: split
  606 | KY | ET CT | 11:00-21:00 | 11:00-21:00 | map: split
  620 | KS | CT MT | 10:00-20:00 | 10:00-20:00 | map: split
  701 | ND | CT MT | 10:00-20:00 | 10:00-20:00 | map: split
  775 | NV | MT PT | 10:00-20:00 | 10:00-20:00 | map: split (West Wendover)
  785 | KS | CT MT | 10:00-20:00 | 10:00-20:00 | map: split
  812 | IN | IN CT | 10:00-20:00 | 10:00-20:00 | map: split
  850 | FL | ET CT | 09:00-20:00 | 09:00-20:00 | map: split (Panhandle)
  906 | MI | DT CT | 10:00-21:00 | 10:00-21:00 | map: split
  907 | AK | AK AD | 10:00-20:00 | 10:00-20:00 | map: split (Adak)
  928 | AZ | AZ MT | 09:00-19:00 | 09:00-20:00 | map: split (Navajo Nation, with daylight saving)
  915 | TX | MT | 09:00-21:00 | 09:00-21:00 | map: El Paso is Mountain
  432 | TX | CT | 09:00-21:00 | 09:00-21:00 | map: Midland is Central
  # Overlays whose zones the map gets wrong, each as the code beneath it.
  689 | FL | ET | 08:00-20:00 | 08:00-20:00 | overlay of 407, Orlando; the map says Central
  448 | FL | ET CT | 09:00-20:00 | 09:00-20:00 | overlay of 850; the map says Eastern alone
  364 | KY | ET CT | 11:00-21:00 | 11:00-21:00 | overlay of 270; the map says Eastern alone
  930 | IN | IN CT | 10:00-20:00 | 10:00-20:00 | overlay of 812; the map says Eastern alone
  986 | ID | BT PT | 10:00-20:00 | 10:00-20:00 | overlay of 208
  458 | OR | BT PT | 09:00-20:00 | 09:00-20:00 | overlay of 541
  729 | TN | ET CT | 10:00-20:00 | 10:00-20:00 | overlay of 423
  # Newer than the map.
  357 | CA | PT | 09:00-20:00 | 09:00-20:00 | overlay of 559
  436 | OH | ET | 09:00-20:00 | 09:00-20:00 | overlay of 440
  457 | LA | CT | 08:00-20:00 | 08:00-20:00 | overlay of 318
  471 | MS | CT | 08:00-20:00 | 08:00-20:00 | overlay of 662
  624 | NY | ET | 09:00-20:00 | 09:00-20:00 | overlay of 716
  861 | IL | CT | 09:00-21:00 | 09:00-21:00 | overlay of 309
  728 | FL | ET | 08:00-20:00 | 08:00-20:00 | overlay of 561
  645 | FL | ET | 08:00-20:00 | 08:00-20:00 | overlay of 305
  656 | FL | ET | 08:00-20:00 | 08:00-20:00 | overlay of 813
  947 | MI | DT | 09:00-21:00 | 09:00-21:00 | overlay of 248
  983 | CO | MT | 09:00-20:00 | 09:00-20:00 | overlay of 303
  975 | MO | CT | 09:00-20:00 | 09:00-20:00 | overlay of 816
  # One zone each, beside those that are split.
  402 | NE | CT | 09:00-20:00 | 09:00-20:00 | map: Central
  260 | IN | IN | 09:00-20:00 | 09:00-20:00 | map: Eastern
  502 | KY | ET | 10:00-21:00 | 10:00-21:00 | map: Eastern
  865 | TN | ET | 09:00-20:00 | 09:00-20:00 | map: Eastern
  615 | TN | CT | 09:00-20:00 | 09:00-20:00 | map: Central
  520 | AZ | AZ | 09:00-20:00 | 09:00-20:00 | map: no daylight saving
  904 | FL | ET | 08:00-20:00 | 08:00-20:00 | map: Eastern
  989 | MI | DT | 09:00-21:00 | 09:00-21:00 | map: Eastern
  `,
  6,
);

describe("area codes", () => {
  test.each(AREA_CODES)("%s in %s (%s): %s, %s: %s", async (areaCode, state, clocks, june, january) => {
    const zones = (clocks as string).split(" ").map((clock) => ZONES[clock] as string);
    const [row] = await db.sql`select private.window_key(${`+1${areaCode}5550100`}, null) as key`;
    expect(row?.key).toBe(`${[...zones].sort().join(",")}|${state}`);
    for (const [day, hours] of [
      ["2026-06-10", june],
      ["2026-01-14", january],
    ] as [string, string][]) {
      const [opens, closes] = hours.split("-").map((time) => local(`${day}T${time}`, zones[0] as string)) as [
        Date,
        Date,
      ];
      const at = (minutes: number) =>
        readWindow(db, org.id, { areaCode: Number(areaCode) }, new Date(opens.getTime() + minutes * 60_000));
      expect(await at(-1)).toMatchObject({ is_open: false, next_open_at: opens });
      expect(await at(0)).toMatchObject({ is_open: true, valid_to: closes });
    }
  });
});

test.each([800, 833, 888, 416, 809, 900, 500, 999, 211])(
  "%i has no place: nobody falls through to the zones of the whole country",
  async (areaCode) => {
    const key = async (state: string | null) =>
      (await db.sql`select private.window_key(${`+1${areaCode}5550100`}, ${state}) as key`)[0]?.key;
    expect(await key(null)).toBe("?");
    expect(await key("AE")).toBe("?");
    expect(await key("NM")).toBe("America/Denver|NM");
  },
);

test("a number of another country has no place, whatever its digits", async () => {
  const [row] = await db.sql`select private.window_key('+52305555010', null) as key`;
  expect(row?.key).toBe("?");
});

test.each([
  ["AK", "AK AD"],
  ["AZ", "AZ MT"],
  ["FL", "ET CT"],
  ["ID", "BT PT"],
  ["IN", "IN CT"],
  ["KS", "CT MT"],
  ["KY", "ET CT"],
  ["MI", "DT CT"],
  ["ND", "CT MT"],
  ["NE", "CT MT"],
  ["NV", "PT MT"],
  ["OR", "PT BT"],
  ["SD", "CT MT"],
  ["TN", "ET CT"],
  ["TX", "CT MT"],
])("an address in %s alone may lie in %s", async (state, clocks) => {
  const [row] = await db.sql`select private.window_key('+18005550100', ${state}) as key`;
  const zones = clocks.split(" ").map((clock) => ZONES[clock]);
  expect(row?.key).toBe(`${zones.sort().join(",")}|${state}`);
});
