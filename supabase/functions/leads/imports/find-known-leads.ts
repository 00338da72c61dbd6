// The leads that have phones of a file, with what they have already.
import type { ImportRow } from "../../_shared/csv/normalise-row.ts";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";

export type Parcel = Record<string, unknown>;

export interface KnownLeads {
  /** {phone: id of the oldest lead that has it}. */
  phones: Record<string, string>;
  leads: Record<string, { import_id: string | null; phones: string[]; parcels: Parcel[] }>;
  imports: Record<string, { id: string; file_name: string; created_at: string }>;
}

export async function findKnownLeads({ db }: UserContext, rows: ImportRow[]): Promise<KnownLeads> {
  const phones = [...new Set(rows.flatMap((row) => row.phones?.map((phone) => phone.e164) ?? []))];
  if (phones.length === 0) return { phones: {}, leads: {}, imports: {} };
  return dataOrThrow(await db.rpc("find_known_leads", { p_e164s: phones })) as unknown as KnownLeads;
}
