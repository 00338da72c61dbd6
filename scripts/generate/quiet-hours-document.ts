// docs/quiet-hours.md: the platform's rules, states' own holidays, and the area codes whose phones may be in several time zones, for
// people to read.
import { join } from "node:path";
import { computeStateHolidays } from "../seed/compute-state-holidays.ts";
import { EFFECTIVE_FROM, REVIEWED_AT, STATE_RULES, type StateRule } from "../seed/data/quiet-hour-rules.ts";
import { STATE_HOLIDAYS, type StateHoliday } from "../seed/data/state-holidays.ts";
import { readAreaCodes } from "../seed/read-area-codes.ts";
import { format, type GeneratedFile } from "../tools/generated-file.ts";
import { PROJECT_DIR } from "../tools/run-tool.ts";

const PATH = "docs/quiet-hours.md";

const NAMES: Record<string, string> = {
  US: "federal",
  "*": "every other state and territory",
  "??": "place unknown",
};

const shown = (hours: string) => (hours === "-" ? "closed" : hours.replace("-", "–"));

function row(rule: StateRule): string {
  const { state, weekdays, saturday, sunday, closedOnHolidays, closedOnStateHolidays, maxPer24h, source } =
    rule;
  const cells = [
    NAMES[state] ?? state,
    ...[weekdays, saturday, sunday].map(shown),
    closedOnHolidays ? "closed" : "",
    closedOnStateHolidays ? "closed" : "",
    maxPer24h ?? "",
    source,
  ];
  return `| ${cells.join(" | ")} |`;
}

const HOLIDAY_YEARS = [2026, 2027] as const;

function holidayRow(holiday: StateHoliday): string {
  const { state, name, source, isConfirmed } = holiday;
  const daysOf = (year: number) =>
    computeStateHolidays([holiday], year, year)
      .map(({ day }) => day.slice(5))
      .join(", ");
  const cells = [state, name, ...HOLIDAY_YEARS.map(daysOf), isConfirmed ? "yes" : "no", source];
  return `| ${cells.join(" | ")} |`;
}

/** Made from the same data as the seeds, so it shows what a new deployment begins with. */
export async function quietHoursDocument(): Promise<GeneratedFile> {
  const areaCodes = readAreaCodes(join(PROJECT_DIR, "scripts/seed/data/area-codes.csv"));
  const several = areaCodes.filter(({ timeZones }) => timeZones.length > 1);
  const parts = [
    "<!-- Generated from scripts/seed/data by `npm run generate`: do not edit. -->",
    "# Quiet hours: the platform's rules",
    "Hours in which a person may be texted, in their local time, up to but not including the second. How rules are put " +
      "together, and how an organisation replaces one, is in [compliance.md](compliance.md). Not legal advice.",
    `In force since ${EFFECTIVE_FROM} (Oregon's since 2026-01-01), last checked against their sources on ${REVIEWED_AT}.`,
    [
      "| where | Monday–Friday | Saturday | Sunday | federal holidays | its own holidays | texts in 24 hours | source |",
      "|---|---|---|---|---|---|---|---|",
      ...STATE_RULES.map(row),
    ].join("\n"),
    "## States' own holidays",
    "Days on which these states close besides federal holidays, for 2026 to 2032. A day that is not confirmed is closed as a caution: " +
      "no text of the law itself was found that names it. Days that a governor proclaims are not in the table.",
    [
      `| state | holiday | ${HOLIDAY_YEARS.join(" | ")} | confirmed | source |`,
      "|---|---|---|---|---|---|",
      ...STATE_HOLIDAYS.map(holidayRow),
    ].join("\n"),
    "## Area codes in several time zones",
    "Their people are texted only while it is open in each of them. An overlay covers the same area as the code that it overlays.",
    [
      "| area code | state | time zones | overlay of |",
      "|---|---|---|---|",
      ...several.map(
        ({ areaCode, state, timeZones, overlayOf }) =>
          `| ${areaCode} | ${state} | ${timeZones.join(", ")} | ${overlayOf ?? ""} |`,
      ),
    ].join("\n"),
  ];
  return { path: PATH, text: await format(PATH, `${parts.join("\n\n")}\n`) };
}
