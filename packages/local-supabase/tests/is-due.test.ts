// Schedules are due when pg_cron would run them: in GMT, by crontab's rules.
import { expect, test } from "vitest";
import { isDue } from "../src/scheduler/is-due.ts";

test.each([
  ["* * * * *", "2026-11-23T10:07:00Z", true],
  ["*/5 * * * *", "2026-11-23T10:07:00Z", false],
  ["*/5 * * * *", "2026-11-23T10:10:00Z", true],
  ["7 10-12/2 * nov mon", "2026-11-23T12:07:00Z", true],
  ["0 0 $ * *", "2028-02-29T00:00:00Z", true],
  ["0 0 $ * *", "2028-02-28T00:00:00Z", false],
  ["0 0 1 * sun", "2026-11-22T00:00:00Z", true],
  ["0 0 1 * sun", "2026-11-24T00:00:00Z", false],
  ["0 0 */2 * mon", "2026-11-23T00:00:00Z", true],
  ["0 0 */2 * mon", "2026-11-25T00:00:00Z", false],
  ["0 0 1 * */2", "2026-11-24T00:00:00Z", false],
  ["0 12 * * 7", "2026-11-22T12:00:00Z", true],
  ["@hourly", "2026-11-22T12:00:00Z", true],
  ["@daily", "2026-11-22T12:00:00Z", false],
])("the schedule %s at %s is due: %s", (schedule, at, due) => {
  expect(isDue(schedule, new Date(at))).toBe(due);
});
