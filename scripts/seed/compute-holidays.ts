// Computes the federal holidays of the United States (5 U.S.C. 6103): the days themselves and the days they are observed.
import { formatDay as format, nthWeekday, utc } from "./calendar.ts";

export interface Holiday {
  /** YYYY-MM-DD. */
  day: string;
  name: string;
}

const FIXED: [month: number, day: number, name: string][] = [
  [1, 1, "New Year's Day"],
  [6, 19, "Juneteenth National Independence Day"],
  [7, 4, "Independence Day"],
  [11, 11, "Veterans Day"],
  [12, 25, "Christmas Day"],
];
const FLOATING: [month: number, weekday: number, n: number, name: string][] = [
  [1, 1, 3, "Birthday of Martin Luther King, Jr."],
  [2, 1, 3, "Washington's Birthday"],
  [5, 1, -1, "Memorial Day"],
  [9, 1, 1, "Labor Day"],
  [10, 1, 2, "Columbus Day"],
  [11, 4, 4, "Thanksgiving Day"],
];

/** The days of the years `from` to `to`, in order; a holiday on a weekend gives two, the day itself and the one observed. */
export function computeHolidays(from: number, to: number): Holiday[] {
  const days: Holiday[] = [];
  // One year more, because New Year's Day on a Saturday is observed on the last day of the year before.
  for (let year = from; year <= to + 1; year++) {
    for (const [month, day, name] of FIXED) {
      const date = utc(year, month, day);
      days.push({ day: format(date), name });
      const shift = date.getUTCDay() === 6 ? -1 : date.getUTCDay() === 0 ? 1 : 0;
      if (shift !== 0) days.push({ day: format(utc(year, month, day + shift)), name: `${name} (observed)` });
    }
    for (const [month, weekday, n, name] of FLOATING) {
      days.push({ day: format(nthWeekday(year, month, weekday, n)), name });
    }
  }
  return days
    .filter(({ day }) => Number(day.slice(0, 4)) >= from && Number(day.slice(0, 4)) <= to)
    .sort((a, b) => a.day.localeCompare(b.day));
}
