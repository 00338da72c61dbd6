// Log lines are one line each, with time and source in columns.
import { expect, test } from "vitest";
import { formatLogLine } from "../src/format-log-line.ts";

test("every line of a message gets the same columns, and blank ones are left out", () => {
  const now = new Date(2026, 10, 23, 3, 4, 5);
  expect(formatLogLine("notes", "first\n\n  second  \r\n", now).split("\n")).toEqual([
    "03:04:05 notes         │ first",
    "03:04:05 notes         │   second",
  ]);
});
