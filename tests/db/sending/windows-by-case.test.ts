// Windows on holidays, over the nights in which clocks change, for people of two states, and of none that is known.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ArrangedOrg, arrangeOrg } from "../../fixtures/arrange-sending.ts";
import { CENTRAL, EASTERN, local, readWindow, WIDE } from "../../fixtures/read-window.ts";
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

type Case = [
  name: string,
  areaCode: number,
  state: string | null,
  now: Date,
  open: boolean,
  next: Date | null,
];
const CASES: Case[] = [
  // Holidays.
  [
    "AL is closed on Thanksgiving, and opens the day after",
    205,
    null,
    local("2026-11-26T12:00", CENTRAL),
    false,
    local("2026-11-27T08:00", CENTRAL),
  ],
  [
    "LA is closed on Christmas Day",
    504,
    null,
    local("2026-12-25T12:00", CENTRAL),
    false,
    local("2026-12-26T08:00", CENTRAL),
  ],
  [
    "AL is closed on the day a holiday is observed, the day itself and the Sunday after",
    205,
    null,
    local("2026-07-03T12:00", CENTRAL),
    false,
    local("2026-07-06T08:00", CENTRAL),
  ],
  [
    "PA is closed on Labor Day",
    215,
    null,
    local("2026-09-07T12:00", EASTERN),
    false,
    local("2026-09-08T09:00", EASTERN),
  ],
  ["FL knows no holidays", 305, null, local("2026-11-26T12:00", EASTERN), true, null],
  ["MS, closed on Sundays, knows no holidays", 601, null, local("2026-12-25T12:00", CENTRAL), true, null],
  [
    "a phone of nowhere is closed on holidays",
    800,
    null,
    local("2026-11-26T17:00", EASTERN),
    false,
    local("2026-11-27T15:00", EASTERN),
  ],
  // Daylight saving: 8 March and 1 November 2026, both Sundays.
  [
    "TX over the night that loses an hour",
    214,
    null,
    local("2026-03-07T21:30", CENTRAL),
    false,
    new Date("2026-03-08T17:00:00Z"),
  ],
  [
    "FL over the night that loses an hour",
    305,
    null,
    local("2026-03-07T20:00", EASTERN),
    false,
    new Date("2026-03-08T12:00:00Z"),
  ],
  [
    "FL over the night that gains an hour",
    305,
    null,
    local("2026-10-31T20:00", EASTERN),
    false,
    new Date("2026-11-01T13:00:00Z"),
  ],
  [
    "FL the minute before it opens on the day that lost an hour",
    305,
    null,
    new Date("2026-03-08T11:59:00Z"),
    false,
    new Date("2026-03-08T12:00:00Z"),
  ],
  [
    "FL at what would be 8:00 but for the hour gained",
    305,
    null,
    new Date("2026-11-01T12:00:00Z"),
    false,
    new Date("2026-11-01T13:00:00Z"),
  ],
  [
    "AZ does not change",
    602,
    null,
    new Date("2026-03-08T18:59:00Z"),
    false,
    new Date("2026-03-08T19:00:00Z"),
  ],
  [
    "the Navajo Nation (928) changes, the rest of AZ not: summer evenings end an hour earlier",
    928,
    null,
    local("2026-06-10T19:00", "America/Phoenix"),
    false,
    local("2026-06-11T09:00", "America/Phoenix"),
  ],
  [
    "in winter the two clocks of 928 agree",
    928,
    null,
    local("2026-01-14T19:30", "America/Phoenix"),
    true,
    null,
  ],
  ["HI in winter, as in summer", 808, null, local("2026-01-14T09:00", "Pacific/Honolulu"), true, null],
  // A mailing address in another state: both states' rules in both zones.
  [
    "FL phone, CA address: before 9 in California",
    305,
    "CA",
    local("2026-06-10T11:59", EASTERN),
    false,
    local("2026-06-10T12:00", EASTERN),
  ],
  ["FL phone, CA address: both open", 305, "CA", local("2026-06-10T12:00", EASTERN), true, null],
  [
    "FL phone, CA address: 20:00 in Florida",
    305,
    "CA",
    local("2026-06-10T20:00", EASTERN),
    false,
    local("2026-06-11T12:00", EASTERN),
  ],
  [
    "TX phone, RI address: closed on Sunday",
    214,
    "RI",
    local("2026-06-14T14:00", EASTERN),
    false,
    local("2026-06-15T10:00", EASTERN),
  ],
  [
    "TX phone, RI address: 18:00 in Rhode Island",
    214,
    "RI",
    local("2026-06-10T18:00", EASTERN),
    false,
    local("2026-06-11T10:00", EASTERN),
  ],
  [
    "TX phone, KY address: 10 in both of Kentucky's zones",
    214,
    "KY",
    local("2026-06-10T09:59", CENTRAL),
    false,
    local("2026-06-10T10:00", CENTRAL),
  ],
  [
    "NY phone, HI address: four hours of the day are left",
    212,
    "HI",
    local("2026-06-10T14:59", EASTERN),
    false,
    local("2026-06-10T15:00", EASTERN),
  ],
  [
    "NY phone, GU address: never open at once on a Wednesday evening",
    212,
    "GU",
    local("2026-06-10T19:30", EASTERN),
    true,
    null,
  ],
  [
    "FL's panhandle by address alone: both zones",
    305,
    "FL",
    local("2026-06-10T08:30", EASTERN),
    false,
    local("2026-06-10T09:00", EASTERN),
  ],
  // Nobody knows where.
  [
    "a toll-free number without address: before 10 in Honolulu",
    800,
    null,
    local("2026-06-10T15:59", EASTERN),
    false,
    local("2026-06-10T16:00", EASTERN),
  ],
  [
    "a toll-free number without address: two hours of a summer's day",
    800,
    null,
    local("2026-06-10T16:00", EASTERN),
    true,
    null,
  ],
  [
    "a toll-free number without address: 18:00 in New York",
    800,
    null,
    local("2026-06-10T18:00", EASTERN),
    false,
    local("2026-06-11T16:00", EASTERN),
  ],
  [
    "a toll-free number without address: Saturday ends at 17",
    800,
    null,
    local("2026-06-13T17:00", EASTERN),
    false,
    local("2026-06-15T16:00", EASTERN),
  ],
  [
    "a toll-free number with an address in TX: Texan hours in both of its zones",
    800,
    "TX",
    local("2026-06-10T21:00", CENTRAL),
    false,
    local("2026-06-11T10:00", CENTRAL),
  ],
  [
    "a Canadian number is nowhere",
    416,
    null,
    local("2026-06-10T12:00", EASTERN),
    false,
    local("2026-06-10T16:00", EASTERN),
  ],
  [
    "an address we know no zone of (AE) leaves the area code's",
    305,
    "AE",
    local("2026-06-10T08:00", EASTERN),
    true,
    null,
  ],
];

test.each(CASES)("%s", async (_name, areaCode, state, now, open, next) => {
  const found = await windowAt(areaCode, state, now);
  expect(found.is_open).toBe(open);
  expect(found.next_open_at).toEqual(open ? now : next);
});
