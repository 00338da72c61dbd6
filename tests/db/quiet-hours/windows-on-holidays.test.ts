// Windows on holidays, federal ones and states' own, as they fall and as they are observed: closed where a state's rule says so,
// and only there.
import { afterAll, beforeAll, expect, test } from "vitest";
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
  # Alabama, through a year.
  Martin Luther King's day, a Monday | 205 | - | 2026-01-19 12:00 CT | closed until 2026-01-20 08:00 | 5 U.S.C. 6103; table, AL: no holidays
  Washington's Birthday, and Mardi Gras the day after | 205 | - | 2026-02-16 08:00 CT | closed until 2026-02-18 08:00 | 5 U.S.C. 6103; table, AL
  Washington's Birthday, a week after Mardi Gras | 205 | - | 2027-02-15 08:00 CT | closed until 2027-02-16 08:00 | 5 U.S.C. 6103; table, AL
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
  Mississippi on Christmas Day | 601 | - | 2026-12-25 12:00 CT | closed until 2026-12-26 08:00 | dnc.com 2023, unconfirmed since
  Mississippi on Martin Luther King's day | 601 | - | 2027-01-18 12:00 CT | closed until 2027-01-19 08:00 | dnc.com 2019
  Rhode Island on Thanksgiving | 401 | - | 2026-11-26 12:00 ET | closed until 2026-11-27 09:00 | R.I. Gen. Laws 5-61-2(2)
  Utah on Martin Luther King's day | 801 | - | 2027-01-18 11:00 MT | closed until 2027-01-19 09:00 | Utah Code 13-25a-103(3)(c)
  Florida on Thanksgiving | 305 | - | 2026-11-26 12:00 ET | open until 20:00 | Fla. Stat. 501.616(6)
  Texas on New Year's Day | 214 | - | 2027-01-01 12:00 CT | open until 21:00 | Tex. Bus. & Com. Code ch. 302
  Oklahoma on Independence Day | 405 | - | 2026-07-04 12:00 CT | open until 20:00 | Okla. Stat. tit. 15, 775C.4
  California on Christmas Day | 213 | - | 2026-12-25 12:00 PT | open until 20:00 | table, default
  # States' own holidays.
  Utah on Pioneer Day, a Friday | 801 | - | 2026-07-24 12:00 MT | closed until 2026-07-25 09:00 | Utah Code 63G-1-301(1)(a)(iii)
  Utah on Pioneer Day, a Saturday: from Friday, on which it is kept, to Monday | 801 | - | 2027-07-23 12:00 MT | closed until 2027-07-26 09:00 | Utah Code 63G-1-301(2)(a)
  Utah on Pioneer Day, a Monday, after a Sunday | 801 | - | 2028-07-23 12:00 MT | closed until 2028-07-25 09:00 | Utah Code 63G-1-301
  Utah on Pioneer Day, a Sunday: kept on Monday | 801 | - | 2033-07-23 12:00 MT | open until 20:00 | beyond the years of the table
  Utah keeps Juneteenth, a Friday, on Monday | 801 | - | 2026-06-15 12:00 MT | closed until 2026-06-16 09:00 | Utah Code 63G-1-301(2)(c)
  Utah keeps Juneteenth, a Saturday, on Monday | 801 | - | 2027-06-21 12:00 MT | closed until 2027-06-22 09:00 | Utah Code 63G-1-301(2)(d)
  Utah on Good Friday | 801 | - | 2027-03-26 12:00 MT | closed until 2027-03-27 09:00 | Utah Code 63G-1-301, since 2026-05-06
  Utah on Mardi Gras is open | 801 | - | 2027-02-09 12:00 MT | open until 20:00 | Utah Code 63G-1-301
  Louisiana on Mardi Gras | 504 | - | 2027-02-09 12:00 CT | closed until 2027-02-10 08:00 | La. R.S. 1:55; dnc.com 2018
  Louisiana on Good Friday | 504 | - | 2027-03-26 12:00 CT | closed until 2027-03-27 08:00 | La. R.S. 1:55
  Louisiana on the day of the Battle of New Orleans | 504 | - | 2027-01-08 12:00 CT | closed until 2027-01-09 08:00 | La. R.S. 1:55
  Louisiana on All Saints' Day, a Monday after a Sunday | 504 | - | 2027-10-31 12:00 CT | closed until 2027-11-02 08:00 | La. R.S. 1:55
  Louisiana from Thanksgiving over Acadian Day | 504 | - | 2026-11-26 12:00 CT | closed until 2026-11-28 08:00 | La. R.S. 1:55, unconfirmed
  Louisiana on the day of a general election | 504 | - | 2026-11-03 12:00 CT | closed until 2026-11-04 08:00 | La. R.S. 1:55, unconfirmed
  Louisiana on that day of an odd year | 504 | - | 2027-11-02 12:00 CT | open until 20:00 | La. R.S. 1:55
  Alabama on Confederate Memorial Day | 205 | - | 2026-04-27 12:00 CT | closed until 2026-04-28 08:00 | Ala. Code 1-3-8
  Alabama on Jefferson Davis' birthday | 205 | - | 2026-06-01 12:00 CT | closed until 2026-06-02 08:00 | Ala. Code 1-3-8
  Alabama on Mardi Gras, a holiday of two counties | 251 | - | 2027-02-09 12:00 CT | closed until 2027-02-10 08:00 | Ala. Code 1-3-8, unconfirmed
  Mississippi on Confederate Memorial Day | 601 | - | 2027-04-26 12:00 CT | closed until 2027-04-27 08:00 | Miss. Code 3-3-7, unconfirmed
  Pennsylvania on Election Day of an odd year | 215 | - | 2027-11-02 12:00 ET | closed until 2027-11-03 09:00 | 73 P.S. 2245(a)(10)
  Pennsylvania on Flag Day, a Monday | 215 | - | 2027-06-14 12:00 ET | closed until 2027-06-15 09:00 | 73 P.S. 2245(a)(10)
  Rhode Island on its Independence Day, a Monday | 401 | - | 2026-05-04 12:00 ET | closed until 2026-05-05 09:00 | R.I. Gen. Laws 25-1-1
  Rhode Island on its Independence Day, a Sunday: kept on Monday | 401 | - | 2031-05-05 12:00 ET | closed until 2031-05-06 09:00 | R.I. Gen. Laws 25-1-1
  Rhode Island on Victory Day | 401 | - | 2026-08-10 12:00 ET | closed until 2026-08-11 09:00 | R.I. Gen. Laws 25-1-1
  Rhode Island keeps Independence Day, a Saturday, on Monday, too | 401 | - | 2026-07-02 18:00 ET | closed until 2026-07-07 09:00 | R.I. Gen. Laws 25-1-1
  Nevada on Pioneer Day | 702 | - | 2026-07-24 12:00 PT | open until 20:00 | Utah's alone
  # In another place than the phone.
  a Nevadan phone, an address in Utah, on Pioneer Day | 702 | UT | 2026-07-24 12:00 PT | closed until 2026-07-25 09:00 | Utah Code 63G-1-301
  a Texan phone, an address in Alabama | 214 | AL | 2026-11-26 12:00 CT | closed until 2026-11-27 09:00 | table, AL: no holidays
  an Alabaman phone, an address in Texas, whose second clock counts | 205 | TX | 2026-11-26 12:00 CT | closed until 2026-11-27 10:00 | table, AL: no holidays; every zone
  an Alabaman phone, an address in Hawaii: the holiday of both clocks | 205 | HI | 2026-11-25 20:00 CT | closed until 2026-11-27 13:00 | table, AL; every zone
  an Alabaman phone, an address in Guam: there the holiday has begun on Wednesday evening | 205 | GU | 2026-11-25 18:30 CT | closed until 2026-11-27 17:00 | table, AL; every zone
  `,
  (asked) => readWindow(db, org.id, asked, asked.now),
);

test("an organisation's own rule says on which holidays it closes", async () => {
  const at = (day: string) =>
    readWindow(db, org.id, { areaCode: 801, state: null }, new Date(`${day}T18:00:00Z`));
  const closed = async (federal: boolean, own: boolean) => {
    await db.sql`delete from public.quiet_hour_rules where org_id = ${org.id}`;
    await db.sql`
      insert into public.quiet_hour_rules
        (org_id, state, dow, opens, closes, closed_on_holidays, closed_on_state_holidays, source, effective_from, reviewed_at)
      select ${org.id}, 'UT', d, '09:00', '20:00', ${federal}, ${own}, 'counsel', '2026-01-01', '2026-11-22'
      from generate_series(0, 6) d`;
    return [(await at("2026-12-25")).is_open, (await at("2026-07-24")).is_open];
  };
  expect(await closed(false, false)).toEqual([true, true]);
  expect(await closed(true, false)).toEqual([false, true]);
  expect(await closed(false, true)).toEqual([true, false]);
  expect(await closed(true, true)).toEqual([false, false]);
});

test("each day of a state says by which law or report, and whether that could be confirmed", async () => {
  const days = await db.sql`
    select state, count(distinct name) filter (where source like '%(unconfirmed)')::int as unconfirmed,
      count(distinct name) filter (where source not like '%(unconfirmed)')::int as confirmed, min(day)::text as first,
      max(extract(year from day))::int as last
    from private.holidays where state <> 'US' and name not like '%(observed)' group by 1 order by 1`;
  expect(days.map((row) => `${row.state} ${row.confirmed}+${row.unconfirmed} to ${row.last}`)).toEqual([
    "AL 0+4 to 2032",
    "LA 5+2 to 2032",
    "MS 0+1 to 2032",
    "PA 0+4 to 2032",
    "RI 7+0 to 2032",
    "UT 2+1 to 2032",
  ]);
});
