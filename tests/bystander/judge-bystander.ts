// The judgement of the bystander's organisation: the simulator's record, open work, alerts, and changed rows.
import type postgres from "postgres";
import { compareMessages } from "../../scripts/judging/compare-messages.ts";
import { MESSAGE_COLUMNS, type OurMessage } from "../../scripts/judging/our-side.ts";
import { takeFingerprint } from "../access/take-fingerprint.ts";
import { checkFigures } from "../fixtures/check-figures.ts";
import { type BystanderWork, PEOPLE } from "./bystander-work.ts";
import type { World } from "./world.ts";

/** Tables of the bystander's organisation that its own work does not change. */
const STILL = [
  "orgs",
  "users",
  "invitations",
  "sending_limits",
  "templates",
  "template_versions",
  "carrier_caps",
  "quiet_hour_rules",
  "segments",
  "campaign_blueprints",
  "enrichment_services",
  "opt_outs",
  "webhook_logs",
];
/** Rows of the silent neighbour that the platform itself writes: balances read, alerts resolved. */
const PLATFORMS = ["twilio_accounts", "alerts"];

export interface Before {
  hers: Record<string, string>;
  neighbours: Record<string, string>;
}

export async function lookBefore({ sql, bystander, neighbour }: World): Promise<Before> {
  const take = async (id: string, isLeft: (table: string) => boolean) => {
    const all = await takeFingerprint(sql, [{ ...neighbour, id }]);
    return Object.fromEntries(Object.entries(all).filter(([table]) => isLeft(table)));
  };
  return {
    hers: await take(bystander.id, (table) => STILL.includes(table)),
    neighbours: await take(neighbour.id, (table) => !PLATFORMS.includes(table)),
  };
}

/** @returns what is wrong, in words */
export async function judgeBystander(world: World, work: BystanderWork, before: Before): Promise<string[]> {
  const { sql, bystander } = world;
  const wrong = [...work.wrong];
  const after = await lookBefore(world);
  for (const [whose, was, is] of [
    ["her", before.hers, after.hers],
    ["the neighbour's", before.neighbours, after.neighbours],
  ] as const)
    for (const table of new Set([...Object.keys(was), ...Object.keys(is)]))
      if (was[table] !== is[table])
        wrong.push(`${whose} ${table} changed: ${was[table]} before, ${is[table]} after`);
  await bystander.simulator.waitUntilIdle(10_000);
  const messages = await sql.unsafe<OurMessage[]>(
    `select ${MESSAGE_COLUMNS} from public.messages where org_id = $1`,
    [bystander.id],
  );
  wrong.push(...compareMessages(messages, await bystander.simulator.readRecord()).slice(0, 5));
  wrong.push(...(await checkFigures({ sql }, bystander.id)));
  wrong.push(...(await sumUp(sql, work)));
  return wrong;
}

async function sumUp(sql: postgres.Sql, { org, marker, rounds }: BystanderWork): Promise<string[]> {
  const [row] = await sql`
    select (select count(*)::int from public.leads where org_id = ${org.id}) as leads,
      (select count(*)::int from public.leads where org_id = ${org.id} and last_name = ${marker} and deleted_at is null) as marked,
      (select count(*)::int from public.messages where org_id = ${org.id}) as messages,
      (select coalesce(string_agg(distinct outcome, ', '), '') from public.send_attempts
        where org_id = ${org.id} and outcome not in ('accepted', 'not_posted')) as outcomes,
      (select coalesce(string_agg(kind || ': ' || message, '; '), '') from public.alerts where org_id = ${org.id}) as alerts,
      (select coalesce(string_agg(distinct event_type, ', '), '') from public.audit_events where org_id = ${org.id}
        and user_id is not null and user_id not in (select id from public.users where org_id = ${org.id})) as strange`;
  const people = rounds * PEOPLE;
  const wrong: string[] = [];
  if (row?.leads !== people || row.marked !== people)
    wrong.push(`${row?.leads} leads, ${row?.marked} as they came; should be ${people}`);
  if (row?.messages !== people) wrong.push(`${row?.messages} messages, should be ${people}`);
  if (row?.outcomes) wrong.push(`attempts ended as ${row.outcomes}`);
  if (row?.alerts) wrong.push(`alerts in her organisation: ${row.alerts}`);
  if (row?.strange) wrong.push(`audit events of hers by somebody else: ${row.strange}`);
  return wrong;
}
