// When a cron schedule of five fields is due, as pg_cron reads it.
import { Cron } from "croner";

/** Whether the schedule names this minute, in GMT. Throws when it is malformed, which `cron.schedule` refuses. */
export function isDue(schedule: string, minute: Date): boolean {
  const fields = schedule.trim().split(/\s+/);
  const [, , day = "", , weekday = ""] = fields;
  // pg_cron's own notation for the last day of the month.
  if (day === "$") fields[2] = "L";
  const cron = new Cron(fields.join(" "), {
    utcOffset: 0,
    // Crontab's rule: if both day fields are restricted, either one is enough; a step such as */2 restricts nothing.
    domAndDow: day.startsWith("*") || weekday.startsWith("*"),
  });
  return cron.match(minute);
}
