// Which rows of a preview have a phone that a lead or an earlier row has, by the rules of the import itself.
import type { ImportRow } from "../_shared/csv/normalise-row.ts";
import { dataOrThrow } from "../_shared/db/data-or-throw.ts";
import type { UserContext } from "../_shared/http/context.ts";
import type { Preview } from "./import-schemas.ts";

/** In the order of the file. A row that is left out does not make later rows duplicates of it. */
export async function findDuplicateRows(
  { db }: UserContext,
  rows: ImportRow[],
): Promise<Preview["duplicates"]> {
  const phones = [...new Set(rows.flatMap((row) => row.phones?.map((phone) => phone.e164) ?? []))];
  if (phones.length === 0) return [];
  const found = dataOrThrow(await db.rpc("find_lead_phones", { p_e164s: phones }));
  const leads = new Map(found.map(({ e164, lead_id }) => [e164, lead_id]));
  const lines = new Map<string, number>();
  const duplicates: Preview["duplicates"] = [];
  for (const { line, phones: own = [] } of rows) {
    const clash = own.find(({ e164 }) => leads.has(e164)) ?? own.find(({ e164 }) => lines.has(e164));
    if (clash) {
      const { e164: phone, field } = clash;
      duplicates.push({
        line,
        field,
        phone,
        lead_id: leads.get(phone) ?? null,
        first_line: lines.get(phone) ?? null,
      });
    } else {
      for (const { e164 } of own) lines.set(e164, line);
    }
  }
  return duplicates;
}
