// docs/quiet-hours.md: the platform's rules, and the area codes whose phones may be in several time zones, for people to read.
import { join } from "node:path";
import { EFFECTIVE_FROM, REVIEWED_AT, STATE_RULES, type StateRule } from "../seed/data/quiet-hour-rules.ts";
import { readAreaCodes } from "../seed/read-area-codes.ts";
import { format, type GeneratedFile } from "../tools/generated-file.ts";
import { PROJECT_DIR } from "../tools/run-tool.ts";

const PATH = "docs/quiet-hours.md";

const NAMES: Record<string, string> = {
  US: "federal",
  "*": "every other state and territory",
  "??": "nobody knows where",
};

const shown = (hours: string) => (hours === "-" ? "closed" : hours.replace("-", "–"));

function row({ state, weekdays, saturday, sunday, closedOnHolidays, maxPer24h, source }: StateRule): string {
  const cells = [
    NAMES[state] ?? state,
    ...[weekdays, saturday, sunday].map(shown),
    closedOnHolidays ? "closed" : "",
    maxPer24h ?? "",
    source,
  ];
  return `| ${cells.join(" | ")} |`;
}

/** From what the seeds are made of, so that it says what a new deployment begins with. */
export async function quietHoursDocument(): Promise<GeneratedFile> {
  const areaCodes = readAreaCodes(join(PROJECT_DIR, "scripts/seed/data/area-codes.csv"));
  const several = areaCodes.filter(({ timeZones }) => timeZones.length > 1);
  const parts = [
    "<!-- Generated from scripts/seed/data by `npm run generate`: do not edit. -->",
    "# Quiet hours: the platform's rules",
    "Hours in which a person may be texted, in their local time, up to but not including the second. How rules are put " +
      "together, and how an organisation replaces one, is in [compliance.md](compliance.md). Not legal advice.",
    `In force since ${EFFECTIVE_FROM}, last checked against their sources on ${REVIEWED_AT}.`,
    [
      "| where | Monday–Friday | Saturday | Sunday | federal holidays | texts in 24 hours | source |",
      "|---|---|---|---|---|---|---|",
      ...STATE_RULES.map(row),
    ].join("\n"),
    "## Area codes in several time zones",
    "Their people are texted only while it is open in each of them. An overlay lies where the code beneath it does.",
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
