// A moment in time as clients write it: RFC 3339, within what the database can hold.
import { z } from "zod";

/** At most nine decimals of a second, and no offset larger than Postgres accepts. */
const END = /:\d{2}(\.\d{1,9})?(Z|[+-](0\d|1[0-5]):[0-5]\d)$/;
/** Holidays are known for these years only. */
const YEARS = [2000, 2100] as const;

/** From the year 2000 until 2100. */
export const instant = z.iso
  .datetime({ offset: true, abort: true })
  .refine((value) => END.test(value), "must be a time such as 2026-01-31T13:00:00Z.")
  .refine((value) => {
    const at = Date.parse(value);
    // A text that is not a time was refused above.
    return Number.isNaN(at) || (at >= Date.UTC(YEARS[0], 0) && at <= Date.UTC(YEARS[1], 0));
  }, `must lie between the years ${YEARS[0]} and ${YEARS[1]}.`);
