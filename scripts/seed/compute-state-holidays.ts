// Computes the days of the holidays that states have besides the federal ones.
import { addDays, easter, formatDay, nthWeekday, utc } from "./calendar.ts";
import type { Holiday } from "./compute-holidays.ts";
import type { HolidayDate, StateHoliday } from "./data/state-holidays.ts";

export interface StateHolidayDay extends Holiday {
  state: string;
  /** Says so if it could not be confirmed. */
  source: string;
}

function dayOf(date: HolidayDate, year: number): Date | undefined {
  if ("easter" in date) return addDays(easter(year), date.easter);
  if ("thanksgiving" in date) return addDays(nthWeekday(year, 11, 4, 4), date.thanksgiving);
  if ("election" in date) {
    if (date.election === "even years" && year % 2 !== 0) return undefined;
    return addDays(nthWeekday(year, 11, 1, 1), 1);
  }
  if ("juneteenthMonday" in date) {
    const actual = utc(year, 6, 19);
    const weekday = actual.getUTCDay();
    return addDays(actual, weekday === 6 ? 2 : weekday === 0 ? 1 : 1 - weekday);
  }
  return "day" in date ? utc(year, date.month, date.day) : nthWeekday(year, date.month, date.weekday, date.n);
}

function observedDay(day: Date, { saturday, sunday }: StateHoliday): Date | undefined {
  if (day.getUTCDay() === 6 && saturday) return addDays(day, saturday === "friday" ? -1 : 2);
  if (day.getUTCDay() === 0 && sunday) return addDays(day, 1);
  return undefined;
}

/** The days of the years `from` to `to`, by state and day, each once. A holiday on a weekend may give two. */
export function computeStateHolidays(
  holidays: readonly StateHoliday[],
  from: number,
  to: number,
): StateHolidayDay[] {
  const days = new Map<string, StateHolidayDay>();
  for (const holiday of holidays) {
    const { state, name } = holiday;
    const source = holiday.isConfirmed ? holiday.source : `${holiday.source} (unconfirmed)`;
    const add = (date: Date | undefined, what: string) => {
      if (date === undefined) return;
      const day = formatDay(date);
      const year = Number(day.slice(0, 4));
      const key = `${state} ${day}`;
      if (year >= from && year <= to && !days.has(key)) days.set(key, { state, day, name: what, source });
    };
    for (let year = Math.max(from - 1, holiday.from ?? 0); year <= to + 1; year++) {
      const day = dayOf(holiday.date, year);
      add(day, name);
      if (day) add(observedDay(day, holiday), `${name} (observed)`);
    }
  }
  return [...days.values()].sort((a, b) => `${a.state} ${a.day}`.localeCompare(`${b.state} ${b.day}`));
}
