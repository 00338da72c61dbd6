// Turns one row of an import into a lead, or says why it can't be one. A cell that does not fit its field becomes a custom field.

import { acreageTag, geographicTag } from "../leads/auto-tags.ts";
import { MAX_TAGS } from "../leads/lead-values.ts";
import { cleanCell, isNumberField } from "./clean-cell.ts";
import type { ImportField, Mapping } from "./import-fields.ts";
import { isPlaceholder } from "./is-placeholder.ts";
import { MAX_CELL_CHARS, MAX_WARNINGS_OF_ROW } from "./limits.ts";
import { planPhones } from "./plan-phones.ts";
import { readPhones } from "./read-phones.ts";
import type { CsvRecord } from "./read-records.ts";
import type { RowPhone, RowPlan } from "./row-plan.ts";
import { type RowDraft, setField } from "./set-field.ts";
import { settlePlace } from "./settle-place.ts";

/** What private.import_chunk takes: one row of the file, with either a reason or a lead. */
export interface ImportRow {
  line: number;
  /** The unchanged cells. */
  raw: string[];
  /** The column at fault, if it is a single one. */
  field?: string;
  reason?: string;
  lead?: Record<string, unknown>;
  phones?: RowPhone[];
  parcel?: Record<string, unknown>;
  warnings?: { field: string; reason: string }[];
}

/** The options in imports.options for making rows. A type, not an interface, so that it can be written as JSON. */
export type RowOptions = {
  keep_case?: boolean;
  auto_tags?: { geographic?: boolean; property?: boolean };
};

/** @param tags given to every lead of the import */
export function planRows(
  columns: string[],
  mapping: Mapping,
  tags: string[],
  options: RowOptions = {},
): RowPlan {
  const fields = columns.map(
    (column): ImportField =>
      Object.hasOwn(mapping, column) ? (mapping[column] as ImportField) : "custom_field",
  );
  const { geographic = false, property = false } = options.auto_tags ?? {};
  return {
    columns,
    fields,
    isNumber: fields.map(isNumberField),
    tags,
    ...planPhones(columns, fields),
    stateIndex: fields.indexOf("state"),
    keepCase: options.keep_case === true,
    autoTags: { geographic, property },
    hasPropertyState: fields.includes("property_state"),
  };
}

/** Makes one ImportRow of every row. A row with any valid phone is a lead; its first valid phone becomes the primary one. */
export function normaliseRow(record: CsvRecord, plan: RowPlan): ImportRow {
  const { line, cells: raw } = record;
  if (record.problem) return { line, raw, reason: record.problem };
  const { columns } = plan;
  if (raw.slice(columns.length).some((cell) => cell.trim() !== "")) {
    const remedy = raw.some((cell) => cell.endsWith("\\"))
      ? 'If a backslash stands before a quotation mark within a cell, write the mark twice ("") instead.'
      : "If a cell has the delimiter in it, put that cell in quotation marks.";
    return {
      line,
      raw,
      reason: `The row has ${raw.length} cells, but there are ${columns.length} columns. ${remedy}`,
    };
  }
  const long = raw.findIndex((cell) => cell.length > MAX_CELL_CHARS);
  if (long !== -1) {
    const reason = `The cell has ${raw[long]?.length} characters, and at most ${MAX_CELL_CHARS} are read.`;
    return { line, raw, field: columns[long] ?? `column ${long + 1}`, reason };
  }
  const draft: RowDraft = { lead: { tags: [...plan.tags] }, parcel: {}, custom: {}, warnings: [] };
  if (record.damaged !== undefined) {
    const field = columns[record.damaged] as string;
    draft.warnings.push({ field, reason: "The row holds zero bytes (NUL). It was imported without them." });
  }
  const phones = readPhones(raw, plan, draft);
  if (!Array.isArray(phones)) return { line, raw, field: phones.field, reason: phones.message };
  for (let i = 0; i < columns.length; i++) {
    const field = plan.fields[i] as ImportField;
    const cell = cleanCell(raw[i] ?? "", plan.isNumber[i] as boolean);
    if (cell !== "" && !isPlaceholder(cell, field))
      setField(draft, field, columns[i] as string, cell, plan.keepCase);
  }
  const hasState = plan.stateIndex !== -1 && isFilled(raw[plan.stateIndex] ?? "");
  const country = settlePlace(draft, { hasState, keepCase: plan.keepCase });
  const abroad = draft.abroad ?? (country === null ? undefined : { field: addressColumn(plan), country });
  if (abroad) return { line, raw, field: abroad.field, reason: livesAbroad(abroad.country) };
  addAutoTags(draft, plan);
  const { lead, parcel, custom, warnings } = draft;
  if (Object.keys(custom).length > 0) lead.custom_fields = custom;
  // A no of the person counts for every phone, whatever a phone's own column says.
  if (lead.consent_status === "denied")
    for (const phone of phones) if (phone.consent_status === "granted") delete phone.consent_status;
  const row: ImportRow = { line, raw, lead, phones };
  if (Object.keys(parcel).length > 0) row.parcel = { ...parcel, county: lead.county };
  if (warnings.length > 0) row.warnings = firstOf(warnings);
  return row;
}

const isFilled = (cell: string) => cell.trim() !== "" && !isPlaceholder(cell.trim(), "state");

const addressColumn = ({ columns, fields }: RowPlan) => columns[fields.indexOf("address1")] as string;

const livesAbroad = (country: string) =>
  `The address is in ${country}. Only people in the United States and its territories can be written to.`;

function firstOf(warnings: RowDraft["warnings"]): RowDraft["warnings"] {
  const over = warnings[MAX_WARNINGS_OF_ROW];
  if (over === undefined) return warnings;
  const reason = `This cell and ${warnings.length - MAX_WARNINGS_OF_ROW - 1} more of the row do not fit. They were kept as custom fields.`;
  return [...warnings.slice(0, MAX_WARNINGS_OF_ROW), { field: over.field, reason }];
}

/** A lead that has all the tags it may have gets none of these: the list's own tags go first. */
function addAutoTags({ lead, parcel }: RowDraft, { autoTags, hasPropertyState }: RowPlan): void {
  const state = hasPropertyState ? parcel.state : lead.state;
  const given = [
    autoTags.geographic ? geographicTag(state, lead.county) : null,
    autoTags.property ? acreageTag(parcel.acreage) : null,
  ];
  for (const tag of given)
    if (tag !== null && !lead.tags.includes(tag) && lead.tags.length < MAX_TAGS) lead.tags.push(tag);
}
