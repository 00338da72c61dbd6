// Lets a stack send at any hour at which a bench runs: every check is made, and finds the window open.
import type postgres from "postgres";

/** Call it before the organisation's numbers are used. The one minute of the day that stays closed is twelve hours away. */
export async function openAllHours(sql: postgres.Sql, orgId: string): Promise<void> {
  await sql`
    update public.quiet_hour_rules
    set opens = '00:00', closes = '24:00', closed_on_holidays = false, closed_on_state_holidays = false, max_per_24h = null`;
  const hours = sql`
    quiet_starts = ((now() + interval '12 hours') at time zone time_zone)::time,
    quiet_ends = ((now() + interval '12 hours 1 minute') at time zone time_zone)::time`;
  await sql`update public.orgs set ${hours} where id = ${orgId}`;
  await sql`update public.phone_numbers set ${hours} where org_id = ${orgId}`;
}
