// When people of each state may be written to: Wednesdays, Saturdays and Sundays, to the minute.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { computeHolidays } from "../../../scripts/seed/compute-holidays.ts";
import { computeStateHolidays } from "../../../scripts/seed/compute-state-holidays.ts";
import { STATE_RULES } from "../../../scripts/seed/data/quiet-hour-rules.ts";
import { STATE_HOLIDAYS } from "../../../scripts/seed/data/state-holidays.ts";
import { expandQuietHours } from "../../../scripts/seed/expand-quiet-hours.ts";
import { readAreaCodes } from "../../../scripts/seed/read-area-codes.ts";
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

const windowAt = (areaCode: number, state: string | null, now: Date, orgId = org.id, store = false) =>
  readWindow(db, orgId, { areaCode, state }, now, store);

// A week without a holiday of any state.
const WED = "2026-05-13";
const SAT = "2026-05-16";
const SUN = "2026-05-17";
const MON = "2026-05-18";
/** The day after each of these. */
const NEXT: Record<string, string> = { [WED]: "2026-05-14", [SAT]: SUN, [SUN]: MON };
const minuteBefore = (instant: Date) => new Date(instant.getTime() - 60_000);

// state | an area code of it | its clock | Wednesday | Saturday | Sunday | source. If sources differ or one is unconfirmed, the
// narrower counts; "table" is the table of state windows and the default beneath it that the rules' own sources name.
const STATE_HOURS = readTable(
  `
  AL | 205 | CT | 08:00-20:00 | 08:00-20:00 | - | table, AL: 8-20, no Sundays or holidays
  CA | 213 | PT | 09:00-20:00 | 09:00-20:00 | 12:00-20:00 | table, CA: 9-21 of one source alone, so the default
  CT | 203 | ET | 09:00-20:00 | 09:00-20:00 | 09:00-20:00 | table, CT: 9-20, three sources agree
  FL | 305 | ET | 08:00-20:00 | 08:00-20:00 | 08:00-20:00 | Fla. Stat. 501.059, 501.616(6)
  IL | 312 | CT | 09:00-21:00 | 09:00-21:00 | 09:00-21:00 | table, IL: 8-21 against 9-21, so 9-21
  KY | 859 | ET | 10:00-21:00 | 10:00-21:00 | 10:00-21:00 | table, KY: 10-21
  LA | 504 | CT | 08:00-20:00 | 08:00-20:00 | - | table, LA: 8-20, no Sundays or holidays
  MD | 301 | ET | 08:00-20:00 | 08:00-20:00 | 08:00-20:00 | table, MD: 8-20
  MA | 617 | ET | 08:00-20:00 | 08:00-20:00 | 08:00-20:00 | table, MA: 8-20
  MI | 313 | DT | 09:00-21:00 | 09:00-21:00 | 09:00-21:00 | table, MI: 9-21
  MN | 612 | CT | 09:00-21:00 | 09:00-21:00 | 09:00-21:00 | table, MN: 9-21
  MS | 601 | CT | 08:00-20:00 | 08:00-20:00 | - | table, MS: 8-20 Central, no Sundays
  NJ | 201 | ET | 09:00-20:00 | 09:00-20:00 | 12:00-20:00 | table, NJ: 8-20 unconfirmed, so the default
  NV | 702 | PT | 09:00-20:00 | 09:00-20:00 | 09:00-20:00 | table, NV: 9-20
  NM | 505 | MT | 09:00-21:00 | 09:00-21:00 | 09:00-21:00 | table, NM: 9-21
  OK | 405 | CT | 08:00-20:00 | 08:00-20:00 | 08:00-20:00 | Okla. Stat. tit. 15, 775C.4
  PA | 215 | ET | 09:00-20:00 | 09:00-12:00 | - | table, PA: the narrowest reading of a garbled line
  RI | 401 | ET | 09:00-18:00 | 10:00-17:00 | - | table, RI: 9-18, Saturdays 10-17, Sundays treated as closed
  TX | 214 | CT | 09:00-21:00 | 09:00-21:00 | 12:00-21:00 | Tex. Bus. & Com. Code ch. 302, 304 (SB 140)
  WA | 206 | PT | 09:00-20:00 | 09:00-20:00 | 12:00-20:00 | table, WA: 8-20 unconfirmed, so the default
  # Nothing is confirmed of the others.
  AK | 907 | AK | 10:00-20:00 | 10:00-20:00 | 13:00-20:00 | table, default; Adak is an hour behind
  AR | 501 | CT | 09:00-20:00 | 09:00-20:00 | 12:00-20:00 | table, default
  AZ | 602 | AZ | 09:00-20:00 | 09:00-20:00 | 12:00-20:00 | table, AZ: consent alone, so the default
  CO | 303 | MT | 09:00-20:00 | 09:00-20:00 | 12:00-20:00 | table, default
  DC | 202 | ET | 09:00-20:00 | 09:00-20:00 | 12:00-20:00 | table, default
  DE | 302 | ET | 09:00-20:00 | 09:00-20:00 | 12:00-20:00 | table, default
  GA | 404 | ET | 09:00-20:00 | 09:00-20:00 | 12:00-20:00 | table, default
  HI | 808 | HI | 09:00-20:00 | 09:00-20:00 | 12:00-20:00 | table, default
  IA | 515 | CT | 09:00-20:00 | 09:00-20:00 | 12:00-20:00 | table, default
  ID | 208 | BT | 10:00-20:00 | 10:00-20:00 | 13:00-20:00 | table, default; the north is an hour behind
  IN | 317 | IN | 09:00-20:00 | 09:00-20:00 | 12:00-20:00 | table, default
  KS | 316 | CT | 09:00-20:00 | 09:00-20:00 | 12:00-20:00 | table, default
  ME | 207 | ET | 09:00-20:00 | 09:00-20:00 | 12:00-20:00 | table, default
  MO | 314 | CT | 09:00-20:00 | 09:00-20:00 | 12:00-20:00 | table, default
  MT | 406 | MT | 09:00-20:00 | 09:00-20:00 | 12:00-20:00 | table, default
  NC | 704 | ET | 09:00-20:00 | 09:00-20:00 | 12:00-20:00 | table, default
  ND | 701 | CT | 10:00-20:00 | 10:00-20:00 | 13:00-20:00 | table, default; the southwest is an hour behind
  NE | 402 | CT | 09:00-20:00 | 09:00-20:00 | 12:00-20:00 | table, default
  NH | 603 | ET | 09:00-20:00 | 09:00-20:00 | 12:00-20:00 | table, default
  NY | 212 | ET | 09:00-20:00 | 09:00-20:00 | 12:00-20:00 | table, default
  OH | 614 | ET | 09:00-20:00 | 09:00-20:00 | 12:00-20:00 | table, default
  OR | 503 | PT | 08:00-20:00 | 08:00-20:00 | 08:00-20:00 | Oregon HB 3865
  SC | 843 | ET | 09:00-20:00 | 09:00-20:00 | 12:00-20:00 | table, SC: not confirmed, default
  SD | 605 | CT | 10:00-20:00 | 10:00-20:00 | 13:00-20:00 | table, default; the west is an hour behind
  TN | 615 | CT | 09:00-20:00 | 09:00-20:00 | 12:00-20:00 | table, default
  UT | 801 | MT | 09:00-20:00 | 09:00-20:00 | - | Utah Code 13-25a-103(3): 8-21, no Sundays; the default's hours
  VA | 804 | ET | 09:00-20:00 | 09:00-20:00 | 12:00-20:00 | table, VA: not confirmed, default
  VT | 802 | ET | 09:00-20:00 | 09:00-20:00 | 12:00-20:00 | table, default
  WI | 414 | CT | 09:00-20:00 | 09:00-20:00 | 12:00-20:00 | table, default
  WV | 304 | ET | 09:00-20:00 | 09:00-20:00 | 12:00-20:00 | table, default
  WY | 307 | MT | 09:00-20:00 | 09:00-20:00 | 12:00-20:00 | table, WY: not confirmed, default
  PR | 787 | PR | 09:00-20:00 | 09:00-20:00 | 12:00-20:00 | table, default
  VI | 340 | VI | 09:00-20:00 | 09:00-20:00 | 12:00-20:00 | table, default
  GU | 671 | GU | 09:00-20:00 | 09:00-20:00 | 12:00-20:00 | table, default
  MP | 670 | MP | 09:00-20:00 | 09:00-20:00 | 12:00-20:00 | table, default
  AS | 684 | AS | 09:00-20:00 | 09:00-20:00 | 12:00-20:00 | table, default
  `,
  7,
);

test("every state and territory is in the table, and no other", async () => {
  const states = await db.sql`select distinct state from private.area_codes order by state`;
  expect(STATE_HOURS.map(([state]) => state).sort()).toEqual(states.map(({ state }) => state));
});

test("the database holds the rules, area codes and holidays that are checked in, and no others", async () => {
  const rules = await db.sql`
    select state, dow, to_char(opens, 'HH24:MI') as opens, to_char(closes, 'HH24:MI') as closes, closed_on_holidays as "closedOnHolidays",
      closed_on_state_holidays as "closedOnStateHolidays", max_per_24h as "maxPer24h", source,
      effective_from::text as "effectiveFrom"
    from public.quiet_hour_rules where org_id is null and effective_to is null`;
  const key = (rule: { state: string; dow: number }) => `${rule.state} ${rule.dow}`;
  const sorted = <T extends { state: string; dow: number }>(rows: T[]) =>
    rows.sort((a, b) => (key(a) < key(b) ? -1 : 1));
  expect(sorted(rules.map((rule) => ({ ...rule }) as never))).toEqual(sorted(expandQuietHours(STATE_RULES)));
  const areaCodes = await db.sql`
    select area_code as "areaCode", state, time_zones as "timeZones", overlay_of as "overlayOf" from private.area_codes order by 1`;
  const csv = new URL("../../../scripts/seed/data/area-codes.csv", import.meta.url).pathname;
  expect(areaCodes.map((row) => ({ ...row }))).toEqual(readAreaCodes(csv));
  const holidays = await db.sql`select state, day::text, name from private.holidays`;
  const lines = (days: readonly { state?: string; day: string; name: string }[]) =>
    days.map(({ state, day, name }) => `${state ?? "US"} ${day} ${name}`);
  expect(lines(holidays as never).sort()).toEqual(
    [
      ...lines(computeHolidays(2026, 2032)),
      ...lines(computeStateHolidays(STATE_HOLIDAYS, 2026, 2032)),
    ].sort(),
  );
});

describe("hours by state", () => {
  test.each(STATE_HOURS)(
    "%s (%s, %s): %s, %s, %s",
    async (_state, code, clock, wednesday = "", saturday = "", sunday = "") => {
      const [areaCode, zone] = [Number(code), ZONES[clock as string] as string];
      const hours: Record<string, string> = { [WED]: wednesday, [SAT]: saturday, [SUN]: sunday };
      const at = (day: string, time: string) => local(`${day}T${time}`, zone);
      for (const [day, span] of Object.entries(hours)) {
        if (span === "-") {
          expect(await windowAt(areaCode, null, at(day, "14:00"))).toMatchObject({ is_open: false });
          continue;
        }
        const [opens, closes] = span.split("-").map((time) => at(day, time)) as [Date, Date];
        expect(await windowAt(areaCode, null, minuteBefore(opens))).toMatchObject({
          is_open: false,
          next_open_at: opens,
          valid_to: opens,
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
    },
  );
});
