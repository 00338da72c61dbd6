// Starts a campaign on a stack and waits for its last message.
import { setTimeout as wait } from "node:timers/promises";
import type postgres from "postgres";
import type { StackProcess } from "./start-stack-process.ts";

/** Sets it running, and plans and calls the worker at once as the next tick would. @returns when, by the database's clock */
export async function startCampaign(stack: StackProcess, sql: postgres.Sql, id: string): Promise<Date> {
  const [row] = await sql`
    update public.campaigns set status = 'running', started_at = now() where id = ${id} returning clock_timestamp() as at`;
  await sql`select private.plan_all()`;
  await callWorker(stack, "POST", "/worker/drain");
  return row?.at;
}

/**
 * Sets it running and plans every message, so that the time can start at the queue, as for the peers. Ticks are stopped
 * meanwhile, or they would call the worker. Throws if not everything can be planned.
 */
export async function planAhead(
  sql: postgres.Sql,
  { id, orgId, messages }: { id: string; orgId: string; messages: number },
): Promise<void> {
  await sql`update private.tasks set is_active = false where name = 'sending'`;
  await waitForTick(sql);
  await sql`update public.campaigns set status = 'running', started_at = now() where id = ${id}`;
  const [plan] = await sql`select private.plan_sends(${orgId}, now(), '1 hour', ${messages}) as planned`;
  if (plan?.planned !== messages)
    throw new Error(`Only ${plan?.planned} of ${messages} messages could be planned ahead.`);
  await sql`vacuum analyze`;
}

/** A tick that has begun may be planning, and only one plan runs at a time. */
async function waitForTick(sql: postgres.Sql): Promise<void> {
  const end = performance.now() + 30_000;
  for (;;) {
    const [row] = await sql`
      select began_at > coalesce(ended_at, '-infinity') as runs from private.tasks where name = 'sending'`;
    if (!row?.runs) return;
    if (performance.now() > end) throw new Error("A tick did not end within 30 s.");
    await wait(20);
  }
}

/** For a campaign that is planned ahead: calls the worker and lets ticks go on. @returns when, by the database's clock */
export async function startPlanned(stack: StackProcess, sql: postgres.Sql): Promise<Date> {
  const [row] =
    await sql`update private.tasks set is_active = true where name = 'sending' returning clock_timestamp() as at`;
  await callWorker(stack, "POST", "/worker/drain");
  return row?.at;
}

/** Loads the worker's process, so that the measurement does not include its start. */
export async function warmWorker(stack: StackProcess): Promise<void> {
  await callWorker(stack, "GET", "/worker/health");
  await callWorker(stack, "POST", "/worker/drain");
}

async function callWorker(stack: StackProcess, method: string, path: string): Promise<void> {
  const response = await fetch(`${stack.env.FUNCTIONS_URL}${path}`, {
    method,
    headers: { "x-worker-secret": stack.functionsEnv.WORKER_SECRET ?? "" },
  });
  if (!response.ok)
    throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
  await response.body?.cancel();
}

const LOOK_EVERY_MS = 250;
const GIVE_UP_AFTER_MS = 60_000;

/** @returns when the last message was settled, by the database's clock. Throws if none is settled for a minute. */
export async function waitUntilSent(sql: postgres.Sql, id: string, messages: number): Promise<Date> {
  for (let seen = -1, changedAt = performance.now(); ; await wait(LOOK_EVERY_MS)) {
    const [row] = await sql`
      select count(*)::integer as n, max(sent_at) as last from public.campaign_targets where campaign_id = ${id} and state = 'sent'`;
    if (row?.n === messages) return row.last;
    if (row?.n !== seen) changedAt = performance.now();
    seen = row?.n;
    if (performance.now() - changedAt > GIVE_UP_AFTER_MS)
      throw new Error(
        `Only ${seen} of ${messages} messages were sent, and no more for a minute: ${await describeStall(sql, id)}`,
      );
  }
}

/** The platform's own state of the campaign, as text. */
async function describeStall(sql: postgres.Sql, id: string): Promise<string> {
  const [row] = await sql`
    select c.status, c.status_reason, c.needs_attention,
      (select jsonb_object_agg(s.state, s.n) from (
         select t.state, count(*) as n from public.campaign_targets t where t.campaign_id = c.id group by t.state) s) as targets,
      (select jsonb_object_agg(s.status, s.n) from (
         select n.status, count(*) as n from public.phone_numbers n where n.org_id = c.org_id group by n.status) s) as numbers,
      (select jsonb_agg(jsonb_build_object(a.kind, a.message)) from public.alerts a
       where a.org_id = c.org_id and a.resolved_at is null) as alerts
    from public.campaigns c where c.id = ${id}`;
  return JSON.stringify(row);
}
