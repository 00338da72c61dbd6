// Turns one row of an import into a lead, or says why it can't be one. What does not fit its field is kept as a custom field.

import type { FieldError } from "../http/app-error.ts";
import { acreageTag, geographicTag } from "../leads/auto-tags.ts";
import { MAX_TAGS, PHONE_ROLES } from "../leads/lead-values.ts";
import { parsePhone } from "../sms/parse-phone.ts";
import { splitPhones } from "../sms/split-phones.ts";
import { createPhoneFinder } from "./assign-phones.ts";
import { unescapeFormula } from "./escape-formula.ts";
import { type ImportField, type Mapping, PHONE_DNC_FIELDS, PHONE_FIELDS } from "./import-fields.ts";
import { isPlaceholder, isPlaceholderPhone } from "./is-placeholder.ts";
import { MAX_CELL_CHARS, MAX_PHONES_TRIED, MAX_WARNINGS_OF_ROW } from "./limits.ts";
import { normaliseHeader, spellOut } from "./normalise-header.ts";
import { parseDnc, parseLineType } from "./parse-cell.ts";
import type { CsvRecord } from "./read-records.ts";
import { type RowDraft, setField } from "./set-field.ts";

export interface RowPhone {
  e164: string;
  role: (typeof PHONE_ROLES)[number];
  /** The column it came from. */
  field: string;
  line_type?: string;
  /** Where the file says that this phone must not be called; the others of the lead may be. */
  consent_status?: "denied";
}

/** What private.import_chunk takes: one row of the file, with either a reason or a lead. */
export interface ImportRow {
  line: number;
  /** The cells as they stood. */
  raw: string[];
  /** The column at fault, where it is one. */
  field?: string;
  reason?: string;
  lead?: Record<string, unknown>;
  phones?: RowPhone[];
  parcel?: Record<string, unknown>;
  warnings?: { field: string; reason: string }[];
}

/** The columns of a file with the field each goes to. */
export interface RowPlan {
  columns: string[];
  fields: ImportField[];
  tags: string[];
  /** Whether names and places stay in capitals where they came so. */
  keepCase: boolean;
  /** Which tags each row gets by itself. The month's is the same for all, and one of the import's tags. */
  autoTags: { geographic: boolean; property: boolean };
  /** Whether the file tells where the land is; else the mailing state goes with the county. */
  hasPropertyState: boolean;
  /** Indexes of the columns with phones, in the order they are tried. */
  phones: PhonePlan[];
}

interface PhonePlan {
  index: number;
  typeIndex: number;
  /** Columns that say whether it must not be called. */
  dncIndexes: number[];
}

export const NO_PHONE = "The row has no phone number.";

/** What imports.options says of making rows. A type, so that it can be written as JSON. */
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
  const phones = PHONE_FIELDS.flatMap((field) =>
    fields.flatMap((one, index): PhonePlan[] =>
      one === field
        ? [{ index, typeIndex: fields.indexOf(`${field}_type` as ImportField), dncIndexes: [] }]
        : [],
    ),
  );
  addFlags(columns, fields, phones);
  const { geographic = false, property = false } = options.auto_tags ?? {};
  return {
    columns,
    fields,
    tags,
    phones,
    keepCase: options.keep_case === true,
    autoTags: { geographic, property },
    hasPropertyState: fields.includes("property_state"),
  };
}

/** Gives each phone the columns with a flag that speak of it. Of several other phones it is the one that the column's name tells. */
function addFlags(columns: string[], fields: ImportField[], phones: PhonePlan[]): void {
  const named = (index: number) => ({ name: spellOut(normaliseHeader(columns[index] as string)), index });
  for (const flag of PHONE_DNC_FIELDS) {
    const own = phones.filter(({ index }) => flag === "phone_dnc" || `${fields[index]}_dnc` === flag);
    const isTold = flag === "phone_dnc" || own.length <= 1;
    const findPhoneOf = createPhoneFinder(isTold ? [] : own.map(({ index }) => named(index)));
    for (const [index, field] of fields.entries()) {
      if (field !== flag) continue;
      const one = isTold ? undefined : findPhoneOf(named(index));
      for (const phone of own) if (!one || phone.index === one.index) phone.dncIndexes.push(index);
    }
  }
}

/** Every row comes out as one ImportRow. A row with any valid phone is a lead: the first valid one becomes primary. */
export function normaliseRow(record: CsvRecord, plan: RowPlan): ImportRow {
  const { line, cells: raw } = record;
  if (record.problem) return { line, raw, reason: record.problem };
  const { columns } = plan;
  if (raw.slice(columns.length).some((cell) => cell.trim() !== "")) {
    return {
      line,
      raw,
      reason: `The row has ${raw.length} cells, but there are ${columns.length} columns: is a cell with the delimiter in it unquoted?`,
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
    const cell = cleanCell(raw[i] ?? "");
    const field = plan.fields[i] as ImportField;
    if (cell !== "" && !isPlaceholder(cell, field))
      setField(draft, field, columns[i] as string, cell, plan.keepCase);
  }
  addAutoTags(draft, plan);
  const { lead, parcel, custom, warnings } = draft;
  if (Object.keys(custom).length > 0) lead.custom_fields = custom;
  const row: ImportRow = { line, raw, lead, phones };
  if (Object.keys(parcel).length > 0) row.parcel = { ...parcel, county: lead.county };
  if (warnings.length > 0) row.warnings = firstOf(warnings);
  return row;
}

function firstOf(warnings: RowDraft["warnings"]): RowDraft["warnings"] {
  const over = warnings[MAX_WARNINGS_OF_ROW];
  if (over === undefined) return warnings;
  const reason = `This cell and ${warnings.length - MAX_WARNINGS_OF_ROW - 1} more of the row do not fit. They were kept as custom fields.`;
  return [...warnings.slice(0, MAX_WARNINGS_OF_ROW), { field: over.field, reason }];
}

/** A lead whose tags are full does without: they are the list's own. */
function addAutoTags({ lead, parcel }: RowDraft, { autoTags, hasPropertyState }: RowPlan): void {
  const state = hasPropertyState ? parcel.state : lead.state;
  const given = [
    autoTags.geographic ? geographicTag(state, lead.county) : null,
    autoTags.property ? acreageTag(parcel.acreage) : null,
  ];
  for (const tag of given)
    if (tag !== null && !lead.tags.includes(tag) && lead.tags.length < MAX_TAGS) lead.tags.push(tag);
}

/** Spreadsheets guard text that begins like a formula with an apostrophe; our own downloads do too, and within a cell. */
function cleanCell(cell: string): string {
  return unescapeFormula(cell.trim()).trim();
}

function readPhones(raw: string[], plan: RowPlan, draft: RowDraft): RowPhone[] | FieldError {
  const phones: RowPhone[] = [];
  const refused: FieldError[] = [];
  let tried = 0;
  /** The first column with a number that is not looked at. */
  let over: string | undefined;
  for (const { index, typeIndex, dncIndexes } of plan.phones) {
    const field = plan.columns[index] as string;
    const cell = cleanCell(raw[index] ?? "");
    if (cell === "" || isPlaceholder(cell, "primary_phone")) continue;
    const flags = dncIndexes.filter((at) => parseDnc(raw[at] ?? ""));
    const isFlagged = flags.length > 0;
    // Kept as it stands: "Federal", "Litigator" is why this phone is not written to.
    for (const at of flags) draft.custom[plan.columns[at] as string] = cleanCell(raw[at] ?? "");
    for (const text of splitPhones(cell)) {
      if (isPlaceholderPhone(text)) continue;
      if (tried === MAX_PHONES_TRIED) {
        draft.custom[field] = cell;
        over ??= field;
        break;
      }
      tried += 1;
      const parsed = parsePhone(text);
      if (!parsed.ok) {
        refused.push({ field, message: parsed.message });
        draft.custom[field] = cell;
        continue;
      }
      const known = phones.find((phone) => phone.e164 === parsed.e164);
      if (known) {
        if (isFlagged) known.consent_status = "denied";
      } else {
        const role = PHONE_ROLES[phones.length];
        const lineType = typeIndex === -1 ? null : parseLineType(raw[typeIndex] ?? "");
        // A lead has three phones; the rest is kept where people can see it.
        if (role === undefined) draft.custom[field] = cell;
        else
          phones.push({
            e164: parsed.e164,
            role,
            field,
            ...(lineType && { line_type: lineType }),
            ...(isFlagged && { consent_status: "denied" }),
          });
      }
    }
  }
  if (over !== undefined)
    refused.push({
      field: over,
      message: `Of a row ${MAX_PHONES_TRIED} phone numbers are looked at. This cell goes beyond them.`,
    });
  if (phones.length === 0) {
    const field = plan.columns[plan.phones[0]?.index ?? -1] ?? "primary_phone";
    return refused[0] ?? { field, message: NO_PHONE };
  }
  draft.warnings.push(
    ...refused.map(({ field, message }) => ({
      field,
      reason: `${message} The lead was imported with its other phone.`,
    })),
  );
  return phones;
}
