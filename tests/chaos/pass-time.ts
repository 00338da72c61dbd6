// The minutes and hours that sending waits for, made to pass in seconds: looks, retries, rests, the death of a worker.
import type { World } from "./start-world.ts";

/**
 * Twilio's list is asked after two minutes and again ten minutes later; here after some seconds and at least eight later, so
 * that attempts stay further apart than the 5 s that their windows in the list must distinguish. A send that is being looked
 * at now (it is due again in two minutes) is left alone for five seconds, because two such looks would really be minutes apart.
 * Some sends wait longer for their second look, so that people get to decide about them.
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
      // An attempt that was given up a quarter of an hour ago no longer competes for a message in the list.
      await sql`
        update public.send_attempts a set claimed_at = a.claimed_at - interval '15 minutes'
        where a.org_id = ${id} and a.outcome in ('not_accepted', 'resent') and a.claimed_at > clock_timestamp() - interval '10 minutes'`;
      await sql`
        update public.campaign_targets set not_before = clock_timestamp()
        where org_id = ${id} and state = 'waiting' and not_before > clock_timestamp()`;
      await sql`
        update private.campaign_turns p set wakes_at = '-infinity' from public.campaigns c
        where c.id = p.campaign_id and c.org_id = ${id} and p.wakes_at > clock_timestamp()`;
      await sql`
        update pgmq.q_replies q set vt = clock_timestamp() where q.msg_id in (
          select x.msg_id from pgmq.q_replies x where x.vt > clock_timestamp() + interval '2 seconds' order by x.msg_id for update skip locked)`;
    }),
  );
}

/** A day later: numbers and accounts have rested, and a person has resolved what errors paused. */
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

/** Runs rescue as if a minute had passed since these attempts were claimed; those of running workers are left alone. */
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
