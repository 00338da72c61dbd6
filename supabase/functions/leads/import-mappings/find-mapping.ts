// Finds the mapping that a file gets if the request names none: the saved mapping that fits best, else that of the last import
// with the same columns.
import { z } from "zod";
import { fingerprintColumns } from "../../_shared/csv/fingerprint-columns.ts";
import { normaliseHeader } from "../../_shared/csv/normalise-header.ts";
import { longList, parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";

export interface FittingMapping {
  id: string;
  name: string;
  /** Its keys are the columns' names as this file writes them. */
  mapping: Record<string, string>;
  options: Record<string, unknown>;
  /** True if the file has exactly the columns it was saved for; false if it has at least those that it gives a field. */
  same_columns: boolean;
}

export interface KnownMappings {
  /** Best first. */
  fitting: FittingMapping[];
  last_import: { id: string; created_at: string; mapping: Record<string, string> } | null;
}

const mapping = z.record(z.string(), z.string());
const savedMapping = z.object({
  id: z.string(),
  name: z.string(),
  mapping,
  options: z.record(z.string(), z.unknown()),
  fingerprint: z.string(),
});
type SavedMapping = z.output<typeof savedMapping>;

/** What read_known_mappings returns. */
const knownMappings = z.object({
  saved: longList(savedMapping),
  last_import: z.object({ id: z.string(), created_at: z.string(), mapping }).nullable(),
});

export async function findMapping({ db }: UserContext, columns: string[]): Promise<KnownMappings> {
  const known = parseAnswer(await db.rpc("read_known_mappings", { p_columns: columns }), knownMappings);
  return { fitting: rankMappings(known.saved, columns), last_import: known.last_import };
}

/**
 * Mappings saved for the same columns come first, then those for whose every field the file has a column. Within both, those
 * with more fields come first; equal ones keep their order.
 */
export function rankMappings(saved: SavedMapping[], columns: string[]): FittingMapping[] {
  const fingerprint = fingerprintColumns(columns);
  const named = new Map(columns.map((column) => [normaliseHeader(column), column]));
  return saved
    .flatMap(({ fingerprint: own, mapping, ...rest }) => {
      const entries = Object.entries(mapping).map(([column, field]) => [
        named.get(normaliseHeader(column)),
        field,
      ]);
      const used = entries.filter(([, field]) => field !== "custom_field" && field !== "ignore");
      if (used.length === 0 || used.some(([column]) => column === undefined)) return [];
      const there = entries.filter(([column]) => column !== undefined) as [string, string][];
      const fitting = { ...rest, mapping: Object.fromEntries(there), same_columns: own === fingerprint };
      return [{ fitting, fields: used.length }];
    })
    .sort((a, b) => Number(b.fitting.same_columns) - Number(a.fitting.same_columns) || b.fields - a.fields)
    .map(({ fitting }) => fitting);
}
