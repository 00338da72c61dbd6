// Reads the fields beside an import's file: mapping or mapping_id, tags, auto_tags, keep_case, allow_repeat, merge_strategy.
import { z } from "zod";
import { checkMapping } from "../../_shared/csv/check-mapping.ts";
import {
  type Mapping,
  MERGE_STRATEGIES,
  type MergeStrategy,
  REPEATABLE_FIELDS,
} from "../../_shared/csv/import-fields.ts";
import type { CsvFile } from "../../_shared/csv/inspect-file.ts";
import type { RowOptions } from "../../_shared/csv/normalise-row.ts";
import { suggestMapping } from "../../_shared/csv/suggest-mapping.ts";
import { type FieldError, validationError } from "../../_shared/http/app-error.ts";
import { parseJson } from "../../_shared/http/parse-json.ts";
import { monthTag, monthTagOfDate } from "../../_shared/leads/auto-tags.ts";
import { MAX_TAGS } from "../../_shared/leads/lead-values.ts";
import type { FittingMapping, KnownMappings } from "../import-mappings/find-mapping.ts";
import { autoTags, type MAPPING_SOURCES } from "../import-mappings/schemas.ts";
import { tags } from "../lead/schemas.ts";
import { addRefusalColumns } from "./add-refusal-columns.ts";
import { checkRepeats, limitRepeats } from "./limit-repeats.ts";

export interface ImportOptions {
  /** Every column with its field. */
  mapping: Mapping;
  mappingSource: (typeof MAPPING_SOURCES)[number];
  /** The saved mapping that was applied. */
  savedId: string | null;
  /** With the month's tag, if it is asked for. */
  tags: string[];
  /** The value of imports.options. */
  options: RowOptions & { merge_strategy: MergeStrategy; allow_repeat: boolean; keep_case: boolean };
}

const FIELDS = [
  "mapping",
  "mapping_id",
  "tags",
  "auto_tags",
  "keep_case",
  "allow_repeat",
  "merge_strategy",
  "file_name",
];

const ALL_AUTO_TAGS = { time: true, geographic: true, property: true };

/** What the fields are read against; now and timeZone decide the month's tag. */
export interface Upload {
  csv: CsvFile;
  /** Cells of the first rows, for a suggested mapping. */
  sample: string[][];
  known: KnownMappings;
  now: Date;
  timeZone: string;
}

/** @throws AppError invalid_input with every field that is wrong */
export function readImportOptions(given: Record<string, string>, upload: Upload): ImportOptions {
  const { csv } = upload;
  const errors: FieldError[] = [];
  for (const field of Object.keys(given)) {
    if (!FIELDS.includes(field))
      errors.push({
        field,
        message: `${field} is not a field of this request. Fields are: file, ${FIELDS.join(", ")}.`,
      });
  }
  const { mapping, source, saved } = chooseMapping(given, upload, errors);
  errors.push(...checkMapping(mapping, csv.columns));
  const fields = saved ? { ...textsOf(saved.options), ...given } : given;
  const strategy = fields.merge_strategy || "skip";
  if (!(MERGE_STRATEGIES as readonly string[]).includes(strategy))
    errors.push({
      field: "merge_strategy",
      message: `merge_strategy must be one of ${MERGE_STRATEGIES.join(", ")}: what becomes of rows whose phone a lead has.`,
    });
  const auto = readAutoTags(fields.auto_tags, errors);
  const list = addMonthTag(readTags(fields.tags, errors), auto, upload, errors);
  const keepCase = readFlag(fields, "keep_case", errors);
  const allowRepeat = readFlag(fields, "allow_repeat", errors);
  if (errors.length > 0) throw validationError(errors);
  const rest = Object.fromEntries(csv.columns.map((column) => [column, "custom_field" as const]));
  return {
    mapping: { ...rest, ...mapping } as Mapping,
    mappingSource: source,
    savedId: saved?.id ?? null,
    tags: list,
    options: {
      merge_strategy: strategy as MergeStrategy,
      allow_repeat: allowRepeat,
      keep_case: keepCase,
      ...(auto && { auto_tags: auto }),
    },
  };
}

interface ChosenMapping {
  mapping: Record<string, string>;
  source: ImportOptions["mappingSource"];
  saved?: FittingMapping;
}

/** The request's mapping; else the saved one it names, or that fits best; else the last import's; else the suggested one. */
function chooseMapping(
  given: Record<string, string>,
  { csv, sample, known }: Upload,
  errors: FieldError[],
): ChosenMapping {
  const own = readMapping(given.mapping, errors);
  const suggested = limitRepeats(suggestMapping(csv.columns, sample));
  if (own) {
    errors.push(...checkRepeats(own));
    return { mapping: addRefusalColumns(own, suggested), source: "request" };
  }
  const isUsable = ({ mapping }: { mapping: Record<string, string> }) =>
    checkMapping(mapping, csv.columns).length === 0 && checkRepeats(mapping).length === 0;
  if (given.mapping_id) {
    const named = known.fitting.find(({ id }) => id === given.mapping_id);
    if (named)
      return { mapping: limitRepeats(complete(named.mapping, suggested)), source: "saved", saved: named };
    errors.push({
      field: "mapping_id",
      message: "There is no saved mapping with this id that fits the columns of the file.",
    });
    return { mapping: suggested, source: "suggested" };
  }
  const saved = known.fitting.find(isUsable);
  if (saved) return { mapping: limitRepeats(complete(saved.mapping, suggested)), source: "saved", saved };
  if (known.last_import && isUsable(known.last_import))
    return { mapping: known.last_import.mapping, source: "last_import" };
  return { mapping: suggested, source: "suggested" };
}

/** Columns that a saved mapping does not know go where their names suggest, to fields that are still free. */
function complete(saved: Record<string, string>, suggested: Mapping): Record<string, string> {
  const taken = new Set(Object.values(saved));
  const free = Object.entries(suggested).filter(
    ([column, field]) =>
      !Object.hasOwn(saved, column) && (!taken.has(field) || REPEATABLE_FIELDS.includes(field)),
  );
  return { ...Object.fromEntries(free), ...saved };
}

/** Options as a form would send them. */
function textsOf(options: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [
      name,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}

/** {column: field}; null or an empty text leaves the column out. Undefined if no mapping was sent. */
function readMapping(json: string | undefined, errors: FieldError[]): Record<string, string> | undefined {
  if (json === undefined || json.trim() === "") return undefined;
  const parsed = z.record(z.string(), z.string().nullable()).safeParse(parseJson(json));
  if (!parsed.success) {
    errors.push({
      field: "mapping",
      message: 'mapping must be JSON such as {"Phone 1": "primary_phone", "Owner": "full_name"}.',
    });
    return undefined;
  }
  return Object.fromEntries(
    Object.entries(parsed.data).map(([column, field]) => [column, field || "ignore"]),
  );
}

/** A JSON list, or words with commas between them. */
function readTags(text: string | undefined, errors: FieldError[]): string[] {
  if (text === undefined || text.trim() === "") return [];
  const given = text.trim().startsWith("[") ? parseJson(text) : text.split(",");
  const parsed = tags.safeParse(given);
  if (parsed.success) return parsed.data;
  errors.push({
    field: "tags",
    message: `tags must be a JSON list such as ["TEXAS", "Q1-LIST"], or words with commas between them. ${parsed.error.issues[0]?.message}`,
  });
  return [];
}

/** The text is true for all kinds of tags, or JSON that names the wanted ones. */
function readAutoTags(text: string | undefined, errors: FieldError[]): z.output<typeof autoTags> | undefined {
  const word = (text ?? "").trim();
  if (/^(?:false|0|)$/.test(word)) return undefined;
  if (/^(?:true|1)$/.test(word)) return ALL_AUTO_TAGS;
  const parsed = autoTags.safeParse(parseJson(word));
  if (parsed.success) return parsed.data;
  errors.push({
    field: "auto_tags",
    message:
      'auto_tags must be true, false or JSON such as {"time": true, "geographic": true, "property": true, "upload_date": "2026-09-30"}.',
  });
  return undefined;
}

function addMonthTag(
  list: string[],
  auto: z.output<typeof autoTags> | undefined,
  { now, timeZone }: Upload,
  errors: FieldError[],
): string[] {
  if (!auto?.time) return list;
  const month = auto.upload_date ? monthTagOfDate(auto.upload_date) : monthTag(now, timeZone);
  const all = [...new Set([...list, month])];
  if (all.length > MAX_TAGS)
    errors.push({ field: "tags", message: `A lead has at most ${MAX_TAGS} tags, the month's included.` });
  return all;
}

function readFlag(fields: Record<string, string>, name: string, errors: FieldError[]): boolean {
  const word = fields[name] ?? "";
  if (!/^(true|false|1|0|)$/.test(word))
    errors.push({ field: name, message: `${name} must be true or false.` });
  return /^(true|1)$/.test(word);
}
