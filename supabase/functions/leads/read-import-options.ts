// Reads the fields that go with an import's file: mapping, tags, allow_repeat, merge_strategy.
import { z } from "zod";
import { checkMapping } from "../_shared/csv/check-mapping.ts";
import type { Mapping } from "../_shared/csv/import-fields.ts";
import type { CsvFile } from "../_shared/csv/inspect-file.ts";
import { suggestMapping } from "../_shared/csv/suggest-mapping.ts";
import { type FieldError, validationError } from "../_shared/http/app-error.ts";
import { tags } from "./schemas.ts";

export interface ImportOptions {
  /** Every column with its field. */
  mapping: Mapping;
  tags: string[];
  allowRepeat: boolean;
}

const FIELDS = ["mapping", "tags", "allow_repeat", "merge_strategy", "file_name"];

/**
 * @param sample cells of the first rows, for a suggested mapping
 * @throws AppError invalid_input with every field that is wrong
 */
export function readImportOptions(
  fields: Record<string, string>,
  csv: CsvFile,
  sample: string[][],
): ImportOptions {
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
  if (strategy !== "skip")
    errors.push({
      field: "merge_strategy",
      message: 'merge_strategy must be "skip": rows whose phone a lead has are left out.',
    });
  const list = readTags(fields.tags, errors);
  if (!/^(true|false|1|0|)$/.test(fields.allow_repeat ?? ""))
    errors.push({ field: "allow_repeat", message: "allow_repeat must be true or false." });
  if (errors.length > 0) throw validationError(errors);
  const rest = Object.fromEntries(csv.columns.map((column) => [column, "custom_field" as const]));
  return {
    mapping: { ...rest, ...mapping } as Mapping,
    tags: list,
    allowRepeat: /^(true|1)$/.test(fields.allow_repeat ?? ""),
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
