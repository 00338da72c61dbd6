// How long a campaign's changed figures take to reach the browsers that watch it.
import { setTimeout as wait } from "node:timers/promises";
import postgres from "postgres";
import { type Person, signUp } from "../arrange/sign-up.ts";
import { round } from "../measure/describe-machine.ts";
import { percentile } from "../measure/median.ts";
import { watchStackCpu } from "../measure/watch-cpu.ts";
import { type Counts, defineBench } from "../report/bench-types.ts";
import { atMost } from "../report/report.ts";
import { type StackProcess, withStack } from "../stack/start-stack-process.ts";
import { listenBarely } from "./listen-barely.ts";
import { type Subscribers, startSubscribers } from "./start-subscribers.ts";
import type { SubscriberOrder } from "./subscribers.ts";

const BUDGET_MS = 250;
/** Deltas of each campaign a second, as the batches of a sending worker append them. */
const DELTAS_A_SECOND = 4;

const options = {
  campaigns: { what: "running campaigns", value: 50 },
  subscribers: {
    what: "supabase-js clients, each on its campaign's channel and its organisation's",
    value: 200,
  },
  orgs: { what: "organisations that share the campaigns", value: 5 },
  processes: { what: "processes that the clients live in", value: 4 },
  seconds: { what: "for how long", value: 20 },
};

interface Watched {
  orgId: string;
  campaignId: string;
  token: string;
}

export const liveBench = defineBench({
  name: "live",
  summary: "row change to subscribed browser, with running campaigns and many subscribers",
  options,
  async run(counts, say) {
    return await withStack({ durable: true }, async (stack) => {
      const sql = postgres(stack.adminUrl, { max: 2, onnotice: () => {} });
      try {
        const campaigns = await arrange(stack, sql, counts);
        const all = orders(stack, campaigns, counts);
        const subscribers = await startSubscribers(all);
        say(`${counts.subscribers} clients have joined`);
        try {
          return await listen(
            { stack, sql, campaigns, subscribers, listeners: countListeners(all) },
            counts.seconds,
          );
        } finally {
          subscribers.stop();
        }
      } finally {
        await sql.end({ timeout: 5 });
      }
    });
  },
});

interface Scene {
  stack: StackProcess;
  sql: postgres.Sql;
  campaigns: Watched[];
  subscribers: Subscribers;
  /** How many listeners each topic has. */
  listeners: Map<string, number>;
}

async function listen({ stack, sql, campaigns, subscribers, listeners }: Scene, seconds: number) {
  // Wait until the effects of joining are over.
  await wait(2_000);
  const stopCpu = await watchStackCpu(stack);
  const bare = await listenBarely(stack.adminUrl);
  subscribers.forget();
  const [start] = await sql`select clock_timestamp() as at`;
  for (let n = 0; n < seconds * DELTAS_A_SECOND; n++) {
    await sql`
      insert into private.campaign_deltas (org_id, campaign_id, sent, waiting)
      select x.org_id, x.campaign_id, 1, -1 from unnest(${campaigns.map(({ orgId }) => orgId)}::uuid[], ${campaigns.map(({ campaignId }) => campaignId)}::uuid[]) as x(org_id, campaign_id)`;
    await wait(1_000 / DELTAS_A_SECOND);
  }
  // Wait for the last fold and its broadcast.
  await wait(2_500);
  const { cpuMsPer1k: cpuMs } = await stopCpu(1_000 * seconds);
  const heard = await subscribers.tell();
  const bareMs = await bare.stop();
  const { broadcasts, expected } = await countBroadcasts(sql, start?.at, listeners);
  const p95 = percentile(heard, 95);
  const result = {
    p95_ms: round(p95),
    p50_ms: round(percentile(heard, 50)),
    broadcasts_per_s: round(broadcasts / seconds),
    deliveries_per_s: round(heard.length / seconds),
    missed: expected - heard.length,
    cpu_ms_per_s: cpuMs,
  };
  const figures = [
    atMost("row change to browser, ms, 95th percentile", p95, BUDGET_MS, percentile(bareMs, 95)),
    { name: "row change to browser, ms, median", value: result.p50_ms, bare: percentile(bareMs, 50) },
    atMost("deliveries missed", result.missed, 0),
    { name: "broadcasts/s", value: broadcasts / seconds },
    { name: "deliveries/s", value: heard.length / seconds },
    { name: "CPU of the platform, ms a second", value: cpuMs },
  ];
  return { figures, result };
}

/** The campaigns run and are not completed: one target of each waits for longer than a bench lasts. */
async function arrange(
  stack: StackProcess,
  sql: postgres.Sql,
  counts: Counts<typeof options>,
): Promise<Watched[]> {
  const people: (Person & { orgId: string })[] = [];
  for (let n = 0; n < counts.orgs; n++) {
    const person = await signUp(stack, `Tierras Claras ${n}`);
    const [user] = await sql`select org_id from public.users where id = ${person.id}`;
    people.push({ ...person, orgId: user?.org_id });
  }
  const watched: Watched[] = [];
  for (let n = 0; n < counts.campaigns; n++) {
    const { orgId, token } = people[n % people.length] as (typeof people)[number];
    const campaignId = await sql.begin(async (tx) => {
      await tx`set local session_replication_role = replica`;
      const [campaign] = await tx`
        insert into public.campaigns (org_id, name, status, started_at) values (${orgId}, ${`Campaign ${n}`}, 'running', now()) returning id`;
      await tx`insert into private.campaign_pace (campaign_id) values (${campaign?.id})`;
      await tx`insert into private.campaign_turns (campaign_id) values (${campaign?.id})`;
      await tx`insert into public.campaign_stats (campaign_id, org_id, audience, waiting) values (${campaign?.id}, ${orgId}, 100000, 100000)`;
      await tx`
        insert into public.campaign_targets (org_id, campaign_id, lead_id, e164, ordinal, window_key, not_before)
        values (${orgId}, ${campaign?.id}, gen_random_uuid(), '+12145550100', 1, 'America/Chicago|TX', now() + interval '1 day')`;
      return campaign?.id as string;
    });
    watched.push({ orgId, campaignId, token });
  }
  return watched;
}

function orders(
  stack: StackProcess,
  campaigns: Watched[],
  counts: Counts<typeof options>,
): SubscriberOrder[] {
  const subscribers = Array.from({ length: counts.subscribers }, (_, n) => {
    const { orgId, campaignId, token } = campaigns[n % campaigns.length] as Watched;
    return { token, topics: [`campaign:${campaignId}`, `org:${orgId}`] };
  });
  return Array.from({ length: counts.processes }, (_, process) => ({
    url: stack.env.API_URL,
    key: stack.env.PUBLISHABLE_KEY,
    subscribers: subscribers.filter((_, n) => n % counts.processes === process),
  }));
}

/** The figures broadcast since then, and the number of receipts expected. */
async function countBroadcasts(sql: postgres.Sql, since: Date, listeners: Map<string, number>) {
  const rows = await sql`
    select topic, count(*)::integer as n from realtime.messages
    where inserted_at >= ${since} and payload ->> 'table' = 'campaign_stats' group by topic`;
  return {
    broadcasts: rows.reduce((sum, { n }) => sum + n, 0),
    expected: rows.reduce((sum, { topic, n }) => sum + n * (listeners.get(topic) ?? 0), 0),
  };
}

function countListeners(orders: SubscriberOrder[]): Map<string, number> {
  const listeners = new Map<string, number>();
  const topics = orders.flatMap(({ subscribers }) => subscribers.flatMap((one) => one.topics));
  for (const topic of topics) listeners.set(topic, (listeners.get(topic) ?? 0) + 1);
  return listeners;
}
