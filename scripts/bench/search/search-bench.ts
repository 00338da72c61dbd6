// Search and list of leads: 100,000 and 1,000,000 of one organisation beside twenty others, as a signed-in person asks.
import postgres from "postgres";
import { type Person, signUp } from "../arrange/sign-up.ts";
import { round } from "../measure/describe-machine.ts";
import { percentile } from "../measure/median.ts";
import { defineBench, type Say } from "../report/bench-types.ts";
import { atMost } from "../report/report.ts";
import { type StackProcess, withStack } from "../stack/start-stack-process.ts";
import { addOwners } from "./owners.ts";
import { type LeadQuery, QUERIES } from "./queries.ts";

const BUDGET_MS = { few: 50, many: 150, http: 200 } as const;
/** Owners inserted by one statement. */
const AT_ONCE = 50_000;

const options = {
  few: { what: "leads at first", value: 100_000 },
  many: { what: "leads in the end", value: 1_000_000 },
  others: { what: "other organisations", value: 20 },
  other_leads: { what: "leads of each of them", value: 5_000 },
  rounds: { what: "how often each question is asked", value: 5 },
  seed: { what: "of what is random", value: 20_260_101 },
};

export const searchBench = defineBench({
  name: "search",
  summary: "search and list of leads, 100,000 and 1,000,000 of one organisation, as a signed-in person",
  options,
  async run({ few, many, others, other_leads, rounds, seed }, say) {
    return await withStack({ durable: false }, async (stack) => {
      const sql = postgres(stack.adminUrl, { max: 2, onnotice: () => {} });
      try {
        const person = await signUp(stack, "Tierras Claras");
        const [user] = await sql`select org_id from public.users where id = ${person.id}`;
        for (let n = 1; n <= others; n++) {
          const other = await signUp(stack, `Others ${n}`);
          const [row] = await sql`select org_id from public.users where id = ${other.id}`;
          await addOwners(sql, row?.org_id, { from: n * other_leads, count: other_leads, seed: seed + n });
        }
        const fill = async (from: number, to: number) => {
          for (let at = from; at < to; at += AT_ONCE) {
            await addOwners(sql, user?.org_id, {
              from: at,
              count: Math.min(AT_ONCE, to - at),
              seed: seed + at,
            });
            say(`${Math.min(at + AT_ONCE, to)} leads`);
          }
          await sql`vacuum analyze`;
        };
        await fill(0, few);
        const first = await askDatabase(sql, person, rounds);
        sayWorst(say, `${few} leads, database`, first);
        const http = await askHttp(stack, person, rounds);
        sayWorst(say, `${few} leads, HTTP`, http);
        await fill(few, many);
        const last = await askDatabase(sql, person, rounds);
        sayWorst(say, `${many} leads, database`, last);
        const [p95Few, p95Http, p95Many] = [first, http, last].map((times) =>
          percentile([...times.values()].flat(), 95),
        ) as [number, number, number];
        return {
          figures: [
            atMost(`${few} leads, ms in the database, 95th percentile`, p95Few, BUDGET_MS.few),
            atMost(`${many} leads, ms in the database, 95th percentile`, p95Many, BUDGET_MS.many),
            atMost(`${few} leads, ms through HTTP, 95th percentile`, p95Http, BUDGET_MS.http),
          ],
          result: {
            n_queries: QUERIES.length,
            p95_ms_100k: round(p95Few),
            p95_ms_1m: round(p95Many),
            http_p95_ms_100k: round(p95Http),
          },
        };
      } finally {
        await sql.end({ timeout: 5 });
      }
    });
  },
});

/** For each question, the milliseconds of each time it was asked; the first is not counted. */
type Times = Map<LeadQuery, number[]>;

async function time(rounds: number, ask: (query: LeadQuery) => Promise<void>): Promise<Times> {
  const times: Times = new Map();
  for (let n = 0; n <= rounds; n++) {
    for (const query of QUERIES) {
      const started = performance.now();
      await ask(query);
      if (n > 0) times.set(query, [...(times.get(query) ?? []), performance.now() - started]);
    }
  }
  return times;
}

/** As `authenticated`, with the person's claims, as REST sets them. */
async function askDatabase(sql: postgres.Sql, { id }: Person, rounds: number): Promise<Times> {
  const claims = JSON.stringify({ sub: id, role: "authenticated" });
  return await sql.begin(async (tx) => {
    await tx`select set_config('request.jwt.claims', ${claims}, true)`;
    await tx`set local role authenticated`;
    return await time(rounds, async (query) => {
      const { filter, sort_by = "created_at", sort_order = "desc", limit = 50, skip = 0 } = query;
      await tx`
        select public.search_leads(${JSON.stringify(filter)}::text::jsonb, ${sort_by}, ${sort_order === "desc"}, ${limit}, ${skip})`;
    });
  });
}

async function askHttp({ env }: StackProcess, { token }: Person, rounds: number): Promise<Times> {
  const headers = {
    apikey: env.PUBLISHABLE_KEY,
    authorization: `Bearer ${token}`,
    "content-type": "application/json",
  };
  return await time(rounds, async (query) => {
    const body = JSON.stringify(query);
    const response = await fetch(`${env.FUNCTIONS_URL}/leads/search`, { method: "POST", headers, body });
    if (!response.ok) throw new Error(`${body} was answered ${response.status}: ${await response.text()}`);
    await response.arrayBuffer();
  });
}

function sayWorst(say: Say, what: string, times: Times): void {
  const slowest = [...times]
    .map(([query, ms]) => ({ query, ms: percentile(ms, 50) }))
    .sort((a, b) => b.ms - a.ms);
  say(`${what}; the slowest questions, median ms:`);
  for (const { query, ms } of slowest.slice(0, 5)) say(`  ${round(ms)}  ${JSON.stringify(query)}`);
}
