// The end of the faults: all work gets the time and the means to finish.

import { waitFor } from "local-supabase/testing/wait-for";
import { callApi } from "../fixtures/run-campaign.ts";
import { CALM } from "./behaviours.ts";
import type { Faults } from "./faults.ts";
import { mend, passTime, rescueDead } from "./pass-time.ts";
import type { ChaosOrg, World } from "./start-world.ts";

/** By then a POST without an answer is settled, and a running worker has reported its outcome. */
const SURELY_TOLD_MS = 5_000;

/** @returns descriptions of work still open after `seconds`; empty if everything has ended */
export async function calmDown(world: World, faults: Faults, seconds: number): Promise<string[]> {
  await Promise.all(world.orgs.map(({ org }) => org.simulator.replaceBehaviour(CALM)));
  let open: string[] = [];
  const lookAgain = async () => {
    await mend(world);
    await Promise.all(world.orgs.map((one) => resumeAll(one, faults)));
    await passTime(world);
    await rescueDead(world, new Date(Date.now() - SURELY_TOLD_MS));
    await faults.kick(1);
    open = (await Promise.all(world.orgs.map(findOpen))).flat();
    return open.length === 0;
  };
  // A late report from Twilio may start work again.
  const isCalm = async () =>
    (await lookAgain()) && (await isIdle(world)) && (await lookAgain()) && (await isIdle(world));
  await waitFor(isCalm, { seconds, every: 300 }).catch(() => {});
  if (!(await isIdle(world))) open.push("Twilio still has something to deliver");
  return open;
}

/** Whether Twilio has nothing left to deliver, in a moment at the latest. */
async function isIdle({ orgs }: World): Promise<boolean> {
  const idle = await Promise.all(orgs.map(({ org }) => org.simulator.waitUntilIdle(1_000)));
  return !idle.includes(false);
}

async function resumeAll({ org }: ChaosOrg, { pauses }: Faults): Promise<void> {
  const paused =
    await org.sql`select id from public.campaigns where org_id = ${org.id} and status = 'paused'`;
  for (const { id } of paused) {
    const at = Date.now();
    await callApi(org, "POST", `/campaigns/${id}/resume`);
    for (const pause of pauses) if (pause.campaign === id) pause.resumedAt ??= at;
  }
}

/** Work that has not ended and does not wait for a person: an unknown send waits for one once it has a reason and an alert. */
async function findOpen({ org: { sql, id } }: ChaosOrg): Promise<string[]> {
  // A step waits with the one before it, if that was sent again and its outcome is for a person to say.
  const rows = await sql`
    with held as (
      select t.id, t.campaign_id from public.campaign_targets t
      join public.campaign_targets b on b.campaign_id = t.campaign_id and b.e164 = t.e164 and b.step = t.step - 1 and b.is_included
      where t.org_id = ${id} and t.state = 'waiting' and b.state = 'unknown' and b.needs_attention is not null
    )
    select 'campaign ' || c.id || ' is ' || c.status as what from public.campaigns c
    where c.org_id = ${id} and c.status not in ('completed', 'stopped') and c.id not in (select campaign_id from held)
    union all
    select 'target ' || t.id || ' is ' || t.state from public.campaign_targets t
    where t.org_id = ${id} and (t.state in ('waiting', 'queued', 'sending') or (t.state = 'unknown' and t.needs_attention is null))
      and t.id not in (select id from held)
    union all
    select 'message ' || m.id || ' is ' || m.status from public.messages m
    where m.org_id = ${id} and (m.status in ('queued', 'sending') or (m.status = 'unknown' and (m.needs_attention is null or not exists (
      select 1 from public.alerts a where a.org_id = m.org_id and a.kind = 'send_unclear' and a.resolved_at is null
        and a.campaign_id is not distinct from m.campaign_id))))
    union all
    select 'attempt ' || a.id || ' is ' || a.outcome || ', its next look at ' || coalesce(a.next_look_at::text, 'no time') from public.send_attempts a
    where a.org_id = ${id} and (a.outcome = 'open' or a.next_look_at is not null)`;
  return rows.map(({ what }) => what as string);
}
