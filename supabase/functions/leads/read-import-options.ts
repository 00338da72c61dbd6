// Reads the fields that go with an import's file: mapping, tags, auto_tags, keep_case, allow_repeat, merge_strategy.
import { z } from "zod";
import { checkMapping } from "../_shared/csv/check-mapping.ts";
import { type Mapping, MERGE_STRATEGIES, type MergeStrategy } from "../_shared/csv/import-fields.ts";
import type { CsvFile } from "../_shared/csv/inspect-file.ts";
import type { RowOptions } from "../_shared/csv/normalise-row.ts";
import { suggestMapping } from "../_shared/csv/suggest-mapping.ts";
import { type FieldError, validationError } from "../_shared/http/app-error.ts";
import { monthTag, monthTagOfDate } from "../_shared/leads/auto-tags.ts";
import { MAX_TAGS } from "../_shared/leads/lead-values.ts";
import { tags } from "./schemas.ts";

export interface ImportOptions {
  /** Every column with its field. */
  mapping: Mapping;
  /** With the month's, where that is asked for. */
  tags: string[];
  /** What imports.options holds. */
  options: RowOptions & { merge_strategy: MergeStrategy; allow_repeat: boolean; keep_case: boolean };
}

const FIELDS = ["mapping", "tags", "auto_tags", "keep_case", "allow_repeat", "merge_strategy", "file_name"];

const autoTags = z.strictObject({
  time: z.boolean().default(false),
  geographic: z.boolean().default(false),
  property: z.boolean().default(false),
  upload_date: z.union([z.iso.date(), z.iso.datetime({ offset: true })]).nullish(),
});
const ALL_AUTO_TAGS = { time: true, geographic: true, property: true };

/** Where and when the import is asked for: they decide the month's tag. */
export interface Upload {
  csv: CsvFile;
  /** Cells of the first rows, for a suggested mapping. */
  sample: string[][];
  now: Date;
  timeZone: string;
}

/** @throws AppError invalid_input with every field that is wrong */
export function readImportOptions(fields: Record<string, string>, upload: Upload): ImportOptions {
  const { csv, sample } = upload;
  const errors: FieldError[] = [];
  for (const field of Object.keys(fields)) {
    if (!FIELDS.includes(field))
      errors.push({
        field,
        message: `${field} is not a field of this request. Fields are: file, ${FIELDS.join(", ")}.`,
      });
  }
  const given = readMapping(fields.mapping, errors);
  const mapping = given ?? suggestMapping(csv.columns, sample);
  errors.push(...checkMapping(mapping, csv.columns));
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
    tags: list,
    options: {
      ...{ merge_strategy: strategy as MergeStrategy, allow_repeat: allowRepeat, keep_case: keepCase },
      ...(auto && { auto_tags: auto }),
    },
  };
}

/** {column: field}; null or an empty text leaves the column out. Undefined where no mapping was sent. */
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
    message: `tags must be a JSON list such as ["TEXAS", "Q1-LIST"]: ${parsed.error.issues[0]?.message}`,
  });
  return [];
}

/** true for all of them, or JSON that names those that are wanted. */
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
