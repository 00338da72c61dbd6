// Phone numbers as the API answers with them: the row, and its usage as the database counts it.
import type { z } from "zod";
import { dataOrThrow } from "../_shared/db/data-or-throw.ts";
import type { UserContext } from "../_shared/http/context.ts";
import type { phoneNumber } from "./schemas.ts";

export const NUMBER_COLUMNS =
  "id, e164, status, status_reason, health_score, mps, daily_cap, time_zone, quiet_starts, quiet_ends, warmup_started_on, reactivated_at, created_at, updated_at";

export type PhoneNumber = z.output<typeof phoneNumber>;
type Usage = Pick<
  PhoneNumber,
  "segments_today" | "segments_left" | "is_open" | "opens_at" | "resting_until" | "resting_reason"
>;
export type NumberRow = Omit<PhoneNumber, keyof Usage>;

/** Adds to rows what they have used and have left today. */
export async function withUsage({ db }: UserContext, rows: NumberRow[]): Promise<PhoneNumber[]> {
  if (rows.length === 0) return [];
  const answer = await db.rpc("number_usage", { p_phone_number_ids: rows.map((row) => row.id) });
  const usage = new Map(
    dataOrThrow(answer).map(({ phone_number_id, ...rest }) => [phone_number_id, rest as Usage]),
  );
  // A number without usage was taken away between the two reads: it is no longer the organisation's.
  return rows.flatMap((row) => {
    const used = usage.get(row.id);
    return used ? [{ ...row, ...used }] : [];
  });
}
