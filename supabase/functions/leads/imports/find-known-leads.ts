// Finds the leads that have phones of a file, with the phones and parcels that they have already.
import { z } from "zod";
import type { ImportRow } from "../../_shared/csv/normalise-row.ts";
import { longRecord, parseAnswer } from "../../_shared/db/parse-answer.ts";
import type { UserContext } from "../../_shared/http/context.ts";

export type Parcel = Record<string, unknown>;

const knownLeads = z.object({
  /** {phone: id of the oldest lead that has it}. */
  phones: longRecord(z.string()),
  leads: longRecord(
    z.object({
      import_id: z.string().nullable(),
      phones: z.array(z.string()),
      parcels: z.array(z.record(z.string(), z.unknown())),
    }),
  ),
  imports: longRecord(z.object({ id: z.string(), file_name: z.string(), created_at: z.string() })),
});
export type KnownLeads = z.output<typeof knownLeads>;

export async function findKnownLeads({ db }: UserContext, rows: ImportRow[]): Promise<KnownLeads> {
  const phones = [...new Set(rows.flatMap((row) => row.phones?.map((phone) => phone.e164) ?? []))];
  if (phones.length === 0) return { phones: {}, leads: {}, imports: {} };
  return parseAnswer(await db.rpc("find_known_leads", { p_e164s: phones }), knownLeads);
}
