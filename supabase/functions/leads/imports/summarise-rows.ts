// Counts what is in the rows of a preview: problems, phones, states, tags.

import { cleanCell } from "../../_shared/csv/clean-cell.ts";
import { isPlaceholder } from "../../_shared/csv/is-placeholder.ts";
import type { ImportRow } from "../../_shared/csv/normalise-row.ts";
import { NO_PHONE } from "../../_shared/csv/read-phones.ts";
import type { RowPlan } from "../../_shared/csv/row-plan.ts";
import { PHONE_ROLES } from "../../_shared/leads/lead-values.ts";
import { parseState } from "../../_shared/leads/us-states.ts";
import type { Preview } from "./schemas.ts";

const EXAMPLE_CHARS = 100;
const SHOWN = 50;

/** Counts rows with the same reason in the same column, most frequent first. */
export function countProblems(rows: ImportRow[], columns: string[]): Preview["problems"] {
  const counts = new Map<string, Preview["problems"][number]>();
  const add = (
    outcome: "rejected" | "warning",
    { line, raw }: ImportRow,
    field: string | null,
    why: string,
  ) => {
    // A reason without a column may name a number of cells, which differs from row to row; it is one problem all the same.
    const key = JSON.stringify([outcome, field, field === null ? why.replace(/\d+/g, "") : why]);
    const known = counts.get(key);
    if (known) known.rows += 1;
    else {
      const cell = field === null ? raw.join(" ") : (raw[columns.indexOf(field)] ?? "");
      const example = cell.trim().slice(0, EXAMPLE_CHARS);
      counts.set(key, { outcome, field, reason: why, rows: 1, first_line: line, example });
    }
  };
  for (const row of rows) {
    if (row.reason !== undefined) add("rejected", row, row.field ?? null, row.reason);
    for (const { field, reason } of row.warnings ?? []) add("warning", row, field, reason);
  }
  return [...counts.values()].sort((a, b) => b.rows - a.rows);
}

export function countPhones(rows: ImportRow[], { columns, phones: plans }: RowPlan): Preview["phones"] {
  const own = new Set(plans.map(({ index }) => columns[index]));
  const valid = rows.filter(({ reason }) => reason === undefined);
  const by = (count: number) => valid.filter(({ phones }) => phones?.length === count).length;
  const phones = valid.flatMap((row) => row.phones ?? []);
  const typed = (type: string | undefined) => phones.filter(({ line_type }) => line_type === type).length;
  const isRefused = ({ field, reason }: ImportRow) =>
    reason !== undefined && field !== undefined && own.has(field);
  const refused = rows.filter((row) => isRefused(row) && row.reason !== NO_PHONE).length;
  const warned = rows.flatMap(({ warnings = [] }) => warnings).filter(({ field }) => own.has(field)).length;
  return {
    total: phones.length,
    rows_with: { one: by(1), two: by(2), three: by(PHONE_ROLES.length) },
    rows_without: rows.filter(({ reason }) => reason === NO_PHONE).length,
    line_types: {
      mobile: typed("mobile"),
      landline: typed("landline"),
      voip: typed("voip"),
      toll_free: typed("toll_free"),
      other: typed("other"),
      not_told: typed(undefined),
    },
    do_not_call: phones.filter(({ consent_status }) => consent_status === "denied").length,
    invalid: refused + warned,
  };
}

/** @param plan of the rows: which columns hold states */
export function countStates(rows: ImportRow[], { columns, fields }: RowPlan): Preview["states"] {
  const unrecognised = new Map<string, Preview["states"]["unrecognised"][number]>();
  const indexes = fields.flatMap((field, i) => (field === "state" || field === "property_state" ? [i] : []));
  const valid = rows.filter(({ reason }) => reason === undefined);
  for (const { raw } of valid) {
    for (const index of indexes) {
      const value = cleanCell(raw[index] ?? "", false);
      if (value === "" || isPlaceholder(value, "state") || parseState(value) !== null) continue;
      const column = columns[index] as string;
      const known = unrecognised.get(`${index} ${value}`);
      if (known) known.rows += 1;
      else unrecognised.set(`${index} ${value}`, { column, value: value.slice(0, EXAMPLE_CHARS), rows: 1 });
    }
  }
  return {
    unrecognised: [...unrecognised.values()].sort((a, b) => b.rows - a.rows).slice(0, SHOWN),
    rows_without_mailing_state: valid.filter(({ lead }) => lead?.state === undefined).length,
  };
}

/** Most frequent first. */
export function countTags(rows: ImportRow[]): Preview["tags"] {
  const counts = new Map<string, number>();
  for (const { lead } of rows)
    for (const tag of (lead?.tags as string[] | undefined) ?? []) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  return [...counts]
    .map(([tag, count]) => ({ tag, rows: count }))
    .sort((a, b) => b.rows - a.rows || a.tag.localeCompare(b.tag))
    .slice(0, SHOWN);
}
