// Windows over the nights in which clocks change, and over the ends of years and Februaries.
import { afterAll, beforeAll } from "vitest";
import { type ArrangedOrg, arrangeOrg } from "../../fixtures/arrange-sending.ts";
import { readWindow, WIDE } from "../../fixtures/read-window.ts";
import { type BareDatabase, startBareDatabase } from "../../fixtures/start-bare-database.ts";
import { testCases } from "../../fixtures/window-cases.ts";

let db: BareDatabase;
/** An organisation whose own hours never matter. */
let org: ArrangedOrg;
beforeAll(async () => {
  db = await startBareDatabase();
  org = await arrangeOrg(db, { numbers: 0, fields: WIDE });
});
afterAll(() => db.close());

testCases(
  `
  # what it shows | area code | address | asked at | answer | source
  # 8 March 2026: a Sunday of 23 hours.
  the evening before, Eastern | 305 | - | 2026-03-07 20:00 ET | closed until 2026-03-08 08:00 | Fla. Stat. 501.616(6); tz data
  the last minute before the hour that is skipped | 305 | - | 2026-03-08 01:59 ET | closed until 08:00 | Fla. Stat. 501.616(6); tz data
  the first minute after it | 305 | - | 2026-03-08 03:00 ET | closed until 08:00 | Fla. Stat. 501.616(6); tz data
  the minute before 8, an hour early by the old clock | 305 | - | 2026-03-08 07:59 ET | closed until 08:00 | Fla. Stat. 501.616(6); tz data
  the same instant in universal time | 305 | - | 2026-03-08 11:59 UTC | closed until 12:00 | Fla. Stat. 501.616(6); tz data
  8 in the morning | 305 | - | 2026-03-08 08:00 ET | open until 20:00 | Fla. Stat. 501.616(6); tz data
  Texas, from Saturday night | 214 | - | 2026-03-07 21:30 CT | closed until 2026-03-08 12:00 | Tex. Bus. & Com. Code ch. 302; tz data
  Texas, from Saturday night, in universal time | 214 | - | 2026-03-08 03:30 UTC | closed until 17:00 | Tex. Bus. & Com. Code ch. 302; tz data
  Texas, Sunday noon | 214 | - | 2026-03-08 12:00 CT | open until 21:00 | Tex. Bus. & Com. Code ch. 302; tz data
  El Paso, Sunday noon, Mountain | 915 | - | 2026-03-08 11:59 MT | closed until 12:00 | Tex. Bus. & Com. Code ch. 302; tz data
  Colorado, Mountain | 303 | - | 2026-03-08 12:00 MT | open until 20:00 | table, default; tz data
  California, Pacific | 213 | - | 2026-03-07 20:00 PT | closed until 2026-03-08 12:00 | table, default; tz data
  Alaska and Adak | 907 | - | 2026-03-08 12:59 AK | closed until 13:00 | table, default; tz data
  Michigan | 313 | - | 2026-03-08 09:00 DT | open until 21:00 | table, MI; tz data
  Idaho's two clocks | 208 | - | 2026-03-08 13:00 BT | open until 20:00 | table, default; tz data
  Arizona does not change | 602 | - | 2026-03-08 18:59 UTC | closed until 19:00 | table, default; tz data
  Hawaii does not change | 808 | - | 2026-03-08 12:00 HI | open until 20:00 | table, default; tz data
  Puerto Rico does not change | 787 | - | 2026-03-08 11:59 PR | closed until 12:00 | table, default; tz data
  Guam does not change | 671 | - | 2026-03-08 12:00 GU | open until 20:00 | table, default; tz data
  Saturday before, the Navajo Nation keeps Arizona's time | 928 | - | 2026-03-07 19:30 AZ | open until 20:00 | table, default; tz data
  Sunday, it is an hour ahead | 928 | - | 2026-03-08 18:30 AZ | open until 19:00 | table, default; tz data
  Puerto Rico's evening ends an hour before Florida's in winter | 305 | PR | 2026-03-07 19:00 ET | closed until 2026-03-08 12:00 | table, default; every zone
  and with it in summer | 305 | PR | 2026-03-08 19:59 ET | open until 20:00 | table, default; every zone
  an unknown place, Monday after | 800 | - | 2026-03-07 17:00 ET | closed until 2026-03-09 16:00 | table, strict preset; tz data
  # 1 November 2026: a Sunday of 25 hours.
  the evening before, Eastern, autumn | 305 | - | 2026-10-31 20:00 ET | closed until 2026-11-01 08:00 | Fla. Stat. 501.616(6); tz data
  at what would be 8 but for the hour gained | 305 | - | 2026-11-01 12:00 UTC | closed until 13:00 | Fla. Stat. 501.616(6); tz data
  the hour that comes twice, once | 305 | - | 2026-11-01 05:30 UTC | closed until 13:00 | Fla. Stat. 501.616(6); tz data
  the hour that comes twice, again | 305 | - | 2026-11-01 06:30 UTC | closed until 13:00 | Fla. Stat. 501.616(6); tz data
  Texas, Sunday noon, autumn | 214 | - | 2026-11-01 11:59 CT | closed until 12:00 | Tex. Bus. & Com. Code ch. 302; tz data
  Nevada | 702 | - | 2026-10-31 20:00 PT | closed until 2026-11-01 09:00 | table, NV; tz data
  Kentucky's two clocks | 270 | - | 2026-11-01 10:59 ET | closed until 11:00 | table, KY; tz data
  Alaska and Adak, autumn | 907 | - | 2026-11-01 13:00 AK | open until 20:00 | table, default; tz data
  the Navajo Nation keeps Arizona's time again | 928 | - | 2026-11-01 19:30 AZ | open until 20:00 | table, default; tz data
  Alabama, closed on Sundays, until Monday's winter time | 205 | - | 2026-10-31 20:00 CT | closed until 2026-11-02 08:00 | table, AL; tz data
  # The year after.
  spring 2027 | 305 | - | 2027-03-13 20:00 ET | closed until 2027-03-14 08:00 | Fla. Stat. 501.616(6); tz data
  spring 2027, in universal time | 305 | - | 2027-03-14 01:00 UTC | closed until 12:00 | Fla. Stat. 501.616(6); tz data
  autumn 2027 | 312 | - | 2027-11-06 21:00 CT | closed until 2027-11-07 09:00 | table, IL; tz data
  autumn 2027, in universal time | 312 | - | 2027-11-07 02:00 UTC | closed until 15:00 | table, IL; tz data
  # Ends of years and Februaries.
  New Year's night, Eastern | 305 | - | 2026-12-31 20:00 ET | closed until 2027-01-01 08:00 | Fla. Stat. 501.616(6)
  New Year's night, Pacific, where it is still the old year | 213 | - | 2026-12-31 23:59 PT | closed until 2027-01-01 09:00 | table, default
  New Year's night, Guam, where it is the new year already | 671 | - | 2026-12-31 14:00 UTC | closed until 23:00 | table, default
  the day before a leap day | 305 | - | 2028-02-28 20:00 ET | closed until 2028-02-29 08:00 | Fla. Stat. 501.616(6)
  a leap day | 305 | - | 2028-02-29 12:00 ET | open until 20:00 | Fla. Stat. 501.616(6)
  the day after it | 305 | - | 2028-02-29 20:00 ET | closed until 2028-03-01 08:00 | Fla. Stat. 501.616(6)
  a February without one | 305 | - | 2027-02-28 20:00 ET | closed until 2027-03-01 08:00 | Fla. Stat. 501.616(6)
  `,
  (asked) => readWindow(db, org.id, asked, asked.now),
);
