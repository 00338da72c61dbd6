// The tags an import gives by itself.
import { expect, it } from "vitest";
import {
  acreageTag,
  geographicTag,
  monthTag,
  monthTagOfDate,
} from "../../../supabase/functions/_shared/leads/auto-tags.ts";

it.each([
  [0, "0-1AC"],
  [0.999, "0-1AC"],
  [1, "1-5AC"],
  [4.9999, "1-5AC"],
  [5, "5-10AC"],
  [9.99, "5-10AC"],
  [10, "10-25AC"],
  [24.99, "10-25AC"],
  [25, "25-50AC"],
  [49.99, "25-50AC"],
  [50, "50-100AC"],
  [99.99, "50-100AC"],
  [100, "100+AC"],
  [48_000, "100+AC"],
  [-1, null],
  [undefined, null],
])("%j acres are %j", (acres, tag) => {
  expect(acreageTag(acres)).toBe(tag);
});

it.each([
  ["TX", "Harris", "TX-HAR"],
  ["TX", "HARRIS COUNTY", "TX-HAR"],
  ["MO", "St. Clair", "MO-STC"],
  ["NM", "Doña Ana", "NM-DON"],
  ["TX", "De Witt", "TX-DEW"],
  ["MD", "Prince George's County", "MD-PRI"],
  ["LA", "Orleans Parish", "LA-ORL"],
  ["TX", "Condado de Bexar", "TX-BEX"],
  ["AZ", "La", "AZ-LA"],
  ["TX", "201", null],
  ["TX", undefined, null],
  [undefined, "Harris", null],
])("state %j and county %j are %j", (state, county, tag) => {
  expect(geographicTag(state, county)).toBe(tag);
});

it.each([
  ["2025-09-30T23:59:59Z", "UTC", "SEP25"],
  ["2025-10-01T04:59:00Z", "America/Chicago", "SEP25"],
  ["2025-10-01T05:00:00Z", "America/Chicago", "OCT25"],
  ["2026-01-01T05:30:00Z", "America/Denver", "DEC25"],
  ["2025-12-31T23:00:00Z", "Pacific/Guam", "JAN26"],
])("at %s it is in %s the month %s", (now, zone, tag) => {
  expect(monthTag(new Date(now), zone)).toBe(tag);
});

it("takes the month of a date as it is written", () => {
  expect(["2025-09-01", "2025-12-31T23:00:00-06:00", "2030-02-28"].map(monthTagOfDate)).toEqual([
    "SEP25",
    "DEC25",
    "FEB30",
  ]);
});
