// Saves a mapping under a name; it replaces one of the same name.
import { checkMapping } from "../../_shared/csv/check-mapping.ts";
import { fingerprintColumns } from "../../_shared/csv/fingerprint-columns.ts";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import { validationError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { checkRepeats } from "../imports/limit-repeats.ts";
import { MAPPING_COLUMNS, type SavedMapping, type SavedMappingInput, savedMapping } from "./schemas.ts";

/** @throws AppError invalid_input for a mapping that no file could be imported with */
export async function saveMapping(
  { db, user }: UserContext,
  { body }: { body: SavedMappingInput },
): Promise<SavedMapping> {
  const given = Object.fromEntries(
    Object.entries(body.mapping).map(([column, field]) => [column, field || "ignore"]),
  );
  const columns = body.columns ?? Object.keys(given);
  const errors = [...checkMapping(given, columns), ...checkRepeats(given)];
  if (errors.length > 0) throw validationError(errors);
  const values = {
    columns,
    fingerprint: fingerprintColumns(columns),
    mapping: given,
    options: { ...body.options },
  };
  const changed = dataOrThrow(
    await db
      .from("import_mappings")
      .update(values)
      .eq("org_id", user.orgId)
      .eq("name", body.name)
      .select(MAPPING_COLUMNS),
  );
  const row =
    changed[0] ??
    dataOrThrow(
      await db
        .from("import_mappings")
        .insert({ org_id: user.orgId, name: body.name, ...values })
        .select(MAPPING_COLUMNS)
        .single(),
    );
  return savedMapping.parse(row);
}
