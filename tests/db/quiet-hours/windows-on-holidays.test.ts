// Windows on federal holidays, as they fall and as they are observed: closed where a state's rule says so, and only there.
import { afterAll, beforeAll } from "vitest";
import { type ArrangedOrg, arrangeOrg } from "../../fixtures/arrange-sending.ts";
import { readWindow, WIDE } from "../../fixtures/read-window.ts";
import { type BareDatabase, startBareDatabase } from "../../fixtures/start-bare-database.ts";
import { testCases } from "../../fixtures/window-cases.ts";

let db: BareDatabase;
/** Its hours never decide. */
let org: ArrangedOrg;
beforeAll(async () => {
  db = await startBareDatabase();
  org = await arrangeOrg(db, { numbers: 0, fields: WIDE });
});
afterAll(() => db.close());

testCases(
  `
  # what it shows | area code | address | asked at | answer | source
  # Alabama, through a year.
  Martin Luther King's day, a Monday | 205 | - | 2026-01-19 12:00 CT | closed until 2026-01-20 08:00 | 5 U.S.C. 6103; table, AL: no holidays
  Washington's Birthday | 205 | - | 2026-02-16 08:00 CT | closed until 2026-02-17 08:00 | 5 U.S.C. 6103; table, AL
  Memorial Day, from the Saturday before | 205 | - | 2026-05-23 20:00 CT | closed until 2026-05-26 08:00 | 5 U.S.C. 6103; table, AL
  Juneteenth, a Friday | 205 | - | 2026-06-19 12:00 CT | closed until 2026-06-20 08:00 | 5 U.S.C. 6103; table, AL
  Independence Day on a Saturday: observed on Friday, then itself, then Sunday | 205 | - | 2026-07-03 12:00 CT | closed until 2026-07-06 08:00 | 5 U.S.C. 6103(b); table, AL
  Independence Day on a Saturday: the evening before it is observed | 205 | - | 2026-07-02 19:59 CT | open until 20:00 | 5 U.S.C. 6103(b); table, AL
  Independence Day on a Sunday: observed on Monday | 205 | - | 2027-07-03 20:00 CT | closed until 2027-07-06 08:00 | 5 U.S.C. 6103; table, AL
  Labor Day | 205 | - | 2026-09-07 12:00 CT | closed until 2026-09-08 08:00 | 5 U.S.C. 6103; table, AL
  Columbus Day | 205 | - | 2026-10-12 12:00 CT | closed until 2026-10-13 08:00 | 5 U.S.C. 6103; table, AL
  Veterans Day, a Wednesday | 205 | - | 2026-11-11 12:00 CT | closed until 2026-11-12 08:00 | 5 U.S.C. 6103; table, AL
  Veterans Day on a Saturday: observed on Friday | 205 | - | 2028-11-10 12:00 CT | closed until 2028-11-13 08:00 | 5 U.S.C. 6103(b); table, AL
  Thanksgiving | 205 | - | 2026-11-26 12:00 CT | closed until 2026-11-27 08:00 | 5 U.S.C. 6103; table, AL
  the day after Thanksgiving is none | 205 | - | 2026-11-27 08:00 CT | open until 20:00 | 5 U.S.C. 6103; table, AL
  Christmas Day, a Friday | 205 | - | 2026-12-25 12:00 CT | closed until 2026-12-26 08:00 | 5 U.S.C. 6103; table, AL
  Christmas Day on a Saturday: observed the day before | 205 | - | 2027-12-23 20:00 CT | closed until 2027-12-27 08:00 | 5 U.S.C. 6103(b); table, AL
  New Year, a Friday | 205 | - | 2026-12-31 20:00 CT | closed until 2027-01-02 08:00 | 5 U.S.C. 6103; table, AL
  New Year on a Saturday: observed in the old year | 205 | - | 2027-12-31 12:00 CT | closed until 2028-01-03 08:00 | 5 U.S.C. 6103(b); table, AL
  # The others that close, and those that do not.
  Louisiana on Christmas Day | 504 | - | 2026-12-25 12:00 CT | closed until 2026-12-26 08:00 | table, LA: no holidays
  Louisiana on Juneteenth observed | 504 | - | 2027-06-18 12:00 CT | closed until 2027-06-21 08:00 | table, LA: no holidays
  Pennsylvania on Labor Day | 215 | - | 2026-09-07 12:00 ET | closed until 2026-09-08 09:00 | table, PA: holiday limit
  Pennsylvania on Independence Day, a Saturday | 215 | - | 2026-07-02 20:00 ET | closed until 2026-07-06 09:00 | table, PA: holiday limit
  Pennsylvania on Thanksgiving | 215 | - | 2026-11-26 10:00 ET | closed until 2026-11-27 09:00 | table, PA: holiday limit
  nobody knows where, Thanksgiving | 800 | - | 2026-11-26 17:00 ET | closed until 2026-11-27 15:00 | table, strict preset: no federal holidays
  nobody knows where, New Year's Eve | 800 | - | 2026-12-31 18:00 ET | closed until 2027-01-02 15:00 | table, strict preset: no federal holidays
  nobody knows where, a holiday before a weekend | 800 | - | 2026-07-03 16:30 ET | closed until 2026-07-06 16:00 | table, strict preset: no federal holidays
  Mississippi, closed on Sundays, knows no holidays | 601 | - | 2026-12-25 12:00 CT | open until 20:00 | table, MS: no Sundays
  Rhode Island, closed on Sundays, knows no holidays | 401 | - | 2026-11-26 12:00 ET | open until 18:00 | table, RI
  Florida on Thanksgiving | 305 | - | 2026-11-26 12:00 ET | open until 20:00 | Fla. Stat. 501.616(6)
  Texas on New Year's Day | 214 | - | 2027-01-01 12:00 CT | open until 21:00 | Tex. Bus. & Com. Code ch. 302
  Oklahoma on Independence Day | 405 | - | 2026-07-04 12:00 CT | open until 20:00 | Okla. Stat. tit. 15, 775C.4
  California on Christmas Day | 213 | - | 2026-12-25 12:00 PT | open until 20:00 | table, default
  # In another place than the phone.
  a Texan phone, an address in Alabama | 214 | AL | 2026-11-26 12:00 CT | closed until 2026-11-27 09:00 | table, AL: no holidays
  an Alabaman phone, an address in Texas, whose second clock counts | 205 | TX | 2026-11-26 12:00 CT | closed until 2026-11-27 10:00 | table, AL: no holidays; every zone
  an Alabaman phone, an address in Hawaii: the holiday of both clocks | 205 | HI | 2026-11-25 20:00 CT | closed until 2026-11-27 13:00 | table, AL; every zone
  an Alabaman phone, an address in Guam: there the holiday has begun on Wednesday evening | 205 | GU | 2026-11-25 18:30 CT | closed until 2026-11-27 17:00 | table, AL; every zone
  `,
  (asked) => readWindow(db, org.id, asked, asked.now),
);
