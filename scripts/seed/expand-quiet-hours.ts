// Turns the rule of each state into one row per weekday.
import { EFFECTIVE_FROM, type StateRule } from "./data/quiet-hour-rules.ts";

export interface QuietHourRow {
  state: string;
  /** 0 is Sunday. */
  dow: number;
  opens: string | null;
  closes: string | null;
  closedOnHolidays: boolean;
  closedOnStateHolidays: boolean;
  maxPer24h: number | null;
  source: string;
  /** YYYY-MM-DD. */
  effectiveFrom: string;
}

function readHours(hours: string): { opens: string | null; closes: string | null } {
  if (hours === "-") return { opens: null, closes: null };
  const match = /^(\d{1,2})-(\d{1,2})$/.exec(hours);
  const [opens, closes] = [Number(match?.[1]), Number(match?.[2])];
  if (!(opens >= 0 && closes > opens && closes <= 24)) throw new Error(`bad hours: ${hours}`);
  const format = (hour: number) => `${String(hour).padStart(2, "0")}:00`;
  return { opens: format(opens), closes: format(closes) };
}

/** Seven rows per state, Sunday first. */
export function expandQuietHours(rules: StateRule[]): QuietHourRow[] {
  return rules.flatMap((rule) =>
    [0, 1, 2, 3, 4, 5, 6].map((dow) => ({
      state: rule.state,
      dow,
      ...readHours(dow === 0 ? rule.sunday : dow === 6 ? rule.saturday : rule.weekdays),
      closedOnHolidays: rule.closedOnHolidays ?? false,
      closedOnStateHolidays: rule.closedOnStateHolidays ?? false,
      maxPer24h: rule.maxPer24h ?? null,
      source: rule.source,
      effectiveFrom: rule.effectiveFrom ?? EFFECTIVE_FROM,
    })),
  );
}
