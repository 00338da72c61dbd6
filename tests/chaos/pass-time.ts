// The minutes and hours that sending waits for, made to pass in seconds: looks, retries, rests, the death of a worker.
import type { World } from "./start-world.ts";

/**
 * Twilio's list is asked first after two minutes and again after ten; here after some seconds and after eight at least, so
 * that what an attempt's window in the list must tell apart (5 s) stays apart. What is being looked at right now (it is due
 * again in two minutes) is left alone for five seconds: two workers that look at once would be ten minutes apart. Some of it
 * waits longer for its second look, so that people come to decide about it.
 */
export async function passTime({ orgs }: Pick<World, "orgs">): Promise<void> {
  await Promise.all(
    orgs.map(async ({ org: { sql, id } }) => {
      await sql`
        update public.send_attempts a set next_look_at = clock_timestamp()
        where a.org_id = ${id} and a.outcome = 'unknown' and a.looks = 0
          and a.next_look_at between clock_timestamp() and clock_timestamp() + interval '117 seconds'`;
      await sql`
        update public.send_attempts a set next_look_at = clock_timestamp(), looked_at = least(a.looked_at, clock_timestamp() - interval '10 minutes')
        where a.org_id = ${id} and a.outcome = 'unknown' and a.looks > 0 and random() < 0.4 and a.claimed_at < clock_timestamp() - interval '8 seconds'
          and (a.next_look_at between clock_timestamp() and clock_timestamp() + interval '115 seconds'
            or a.next_look_at between clock_timestamp() + interval '121 seconds' and clock_timestamp() + interval '597 seconds')`;
      await sql`
        update public.send_attempts a set next_look_at = clock_timestamp()
        where a.org_id = ${id} and a.outcome in ('accepted', 'assumed_sent') and a.next_look_at > clock_timestamp()
          and a.claimed_at < clock_timestamp() - interval '6 seconds'`;
      // What was given up a quarter of an hour ago is nobody's rival in the list any more.
      await sql`
        update public.send_attempts a set claimed_at = a.claimed_at - interval '15 minutes'
        where a.org_id = ${id} and a.outcome in ('not_accepted', 'resent') and a.claimed_at > clock_timestamp() - interval '10 minutes'`;
      await sql`
        update public.campaign_targets set not_before = clock_timestamp()
        where org_id = ${id} and state = 'waiting' and not_before > clock_timestamp()`;
      await sql`
        update pgmq.q_replies q set vt = clock_timestamp() where q.msg_id in (
          select x.msg_id from pgmq.q_replies x where x.vt > clock_timestamp() + interval '2 seconds' order by x.msg_id for update skip locked)`;
    }),
  );
}

/** A day later: numbers and accounts have rested, and somebody has mended what an error shut. */
export async function mend({ orgs }: Pick<World, "orgs">): Promise<void> {
  await Promise.all(
    orgs.map(async ({ org: { sql, id } }) => {
      await sql`update public.phone_numbers set status = 'active', status_reason = null where org_id = ${id} and status <> 'active'`;
      await sql`
        update private.number_pace p set resting_until = '-infinity' from public.phone_numbers n
        where n.id = p.phone_number_id and n.org_id = ${id} and p.resting_until > '-infinity'`;
      await sql`update private.org_pace set resting_until = '-infinity' where org_id = ${id} and resting_until > '-infinity'`;
    }),
  );
}

/** Rescue as it is a minute after these attempts were claimed; those of workers that live are left alone. */
export async function rescueDead({ orgs }: Pick<World, "orgs">, claimedBefore: Date): Promise<number> {
  const { sql } = (orgs[0] as World["orgs"][number]).org;
  return await sql.begin(async (tx) => {
    const dead = await tx`
      update public.send_attempts set claimed_at = claimed_at - interval '61 seconds'
      where outcome = 'open' and claimed_at < ${claimedBefore} returning id`;
    await tx`select private.rescue_sends(clock_timestamp())`;
    await tx`
      update public.send_attempts set claimed_at = claimed_at + interval '61 seconds'
      where id = any (${dead.map(({ id }) => id)}::uuid[])`;
    return dead.length;
  });
}
