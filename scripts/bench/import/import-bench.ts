// An import of 100,000 rows from the upload to the last row, by HTTP, as a signed-in person sends it.
import { setTimeout as wait } from "node:timers/promises";
import postgres from "postgres";
import { type Person, signUp } from "../arrange/sign-up.ts";
import { round } from "../measure/describe-machine.ts";
import { watchStackCpu } from "../measure/watch-cpu.ts";
import { watchMemory } from "../measure/watch-memory.ts";
import { defineBench, type Say } from "../report/bench-types.ts";
import { atMost } from "../report/report.ts";
import { addOwners } from "../search/owners.ts";
import { type StackProcess, withStack } from "../stack/start-stack-process.ts";
import { expectedOf, makeFile } from "./make-file.ts";

const BUDGET = { seconds: 60, memoryMb: 128 } as const;
const STRATEGIES = ["skip", "update", "fill", "add_phones", "create"] as const;
/** Owners inserted by one statement. */
const AT_ONCE = 50_000;
const WARM_UP_ROWS = 500;
const GIVE_UP_AFTER_MS = 600_000;

const options = {
  rows: { what: "rows of the file", value: 100_000 },
  leads: { what: "leads that the organisation has before", value: 0 },
  strategy: { what: `merge strategy: ${STRATEGIES.map((word, i) => `${i} ${word}`).join(", ")}`, value: 0 },
  again: { what: "1: imports the file once more, with other values, by strategy update", value: 0 },
};

export const importBench = defineBench({
  name: "import",
  summary: "a file of leads from the upload to its last row: 2.3 phones each, 5 % duplicates, 2 % bad rows",
  options,
  async run({ rows, leads, strategy, again }, say) {
    const word = STRATEGIES[strategy];
    if (word === undefined) throw new Error(`--strategy is at most ${STRATEGIES.length - 1}.`);
    return await withStack({ durable: true }, async (stack) => {
      const sql = postgres(stack.adminUrl, { max: 2, onnotice: () => {} });
      try {
        const person = await signUp(stack, "Tierras Claras");
        const [user] = await sql`select org_id from public.users where id = ${person.id}`;
        const orgId: string = user?.org_id;
        for (let from = 0; from < leads; from += AT_ONCE) {
          await addOwners(sql, orgId, { from, count: Math.min(AT_ONCE, leads - from), seed: from });
          say(`${Math.min(from + AT_ONCE, leads)} leads`);
        }
        if (leads > 0) await sql`vacuum analyze`;

        // Warms up: functions are loaded, and their idle memory is known.
        await finished(sql, await upload(stack, person, makeFile(WARM_UP_ROWS, rows * 3), "skip"));
        await sql`delete from public.leads where org_id = ${orgId} and import_id is not null`;
        const file = makeFile(rows, 0);
        say(`${rows} rows, ${round(file.length / 1e6)} MB, merge strategy ${word}`);
        const isolatesBefore = await stack.countIsolates("background-worker");
        const memory = await watchMemory(async () => {
          const { functions } = await stack.pids();
          return [...(functions["background-worker"] ?? []), ...(functions.leads ?? [])];
        });

        const stopCpu = await watchStackCpu(stack);
        const started = performance.now();
        const id = await upload(stack, person, file, word);
        const uploaded = performance.now() - started;
        const result = await finished(sql, id);
        const seconds = (performance.now() - started) / 1000;
        const { cpuMsPer1k, cpuParts } = await stopCpu(rows);
        const memoryMb = round(memory.stop());
        const isolates = await stack.countIsolates("background-worker");
        const retired = isolates.retired - isolatesBefore.retired;
        const ended = isolates.ended + (await stack.countIsolates("leads")).ended;
        say(`uploaded in ${round(uploaded)} ms; ${retired} isolates of the background worker used up`);
        say(`CPU ms per 1,000 rows: ${JSON.stringify(cpuParts)}`);
        await checkRows(sql, orgId, result, rows, word, leads);
        const updated = again === 1 ? await importAgain(sql, stack, person, rows, say) : undefined;
        return {
          figures: [
            atMost(`${rows} rows, seconds from the upload to the last`, seconds, BUDGET.seconds),
            atMost("isolates ended at a limit", ended, 0),
            { name: "isolates of the background worker used up", value: retired },
            atMost("memory of a function over idle, MB", memoryMb, BUDGET.memoryMb),
            { name: "rows/s", value: rows / seconds },
            { name: "CPU of the platform, ms per 1,000 rows", value: cpuMsPer1k },
            ...(updated
              ? [
                  {
                    name: "rows/s of the same file again, all updated",
                    value: updated.rows / updated.seconds,
                  },
                ]
              : []),
          ],
          result: {
            rows,
            seconds: round(seconds, 2),
            isolates: retired,
            isolates_ended: ended,
            rejected: result.rejected_rows,
            duplicates: result.duplicate_rows,
            updated: result.updated_rows,
            imported: result.imported_rows,
            memory_mb: memoryMb,
            ...(updated && { again_seconds: round(updated.seconds, 2), again_updated: updated.rows }),
          },
        };
      } finally {
        await sql.end({ timeout: 5 });
      }
    });
  },
});

/** The same owners with other values: every row that is not rejected changes a lead. */
async function importAgain(sql: postgres.Sql, stack: StackProcess, person: Person, rows: number, say: Say) {
  const started = performance.now();
  const file = makeFile(rows, 0).replaceAll(" Ranch Road ", " County Road ");
  const { updated_rows, imported_rows } = await finished(sql, await upload(stack, person, file, "update"));
  const seconds = (performance.now() - started) / 1000;
  say(`again: ${updated_rows} updated in ${round(seconds)} s`);
  if (imported_rows > 0 || updated_rows !== rows - expectedOf(rows).rejected)
    throw new Error(`again: expected all updated, found ${JSON.stringify({ updated_rows, imported_rows })}`);
  return { seconds, rows: updated_rows };
}

async function upload(
  { env }: StackProcess,
  { token }: Person,
  csv: string,
  strategy: string,
): Promise<string> {
  const form = new FormData();
  form.append("merge_strategy", strategy);
  form.append("file", new Blob([csv], { type: "text/csv" }), "owners.csv");
  const response = await fetch(`${env.FUNCTIONS_URL}/leads/import/execute`, {
    method: "POST",
    body: form,
    headers: { apikey: env.PUBLISHABLE_KEY, authorization: `Bearer ${token}` },
  });
  if (response.status !== 202)
    throw new Error(`the upload was answered ${response.status}: ${await response.text()}`);
  return ((await response.json()) as { data: { id: string } }).data.id;
}

interface Finished {
  id: string;
  status: string;
  error_message: string | null;
  imported_rows: number;
  updated_rows: number;
  duplicate_rows: number;
  rejected_rows: number;
}

async function finished(sql: postgres.Sql, id: string): Promise<Finished> {
  const end = performance.now() + GIVE_UP_AFTER_MS;
  while (performance.now() < end) {
    const [row] = await sql<Finished[]>`
      select id, status, error_message, imported_rows::integer, updated_rows::integer, duplicate_rows::integer, rejected_rows::integer
      from public.imports where id = ${id}`;
    if (row?.status === "completed") return row;
    if (row?.status === "failed") throw new Error(`the import failed: ${row.error_message}`);
    await wait(50);
  }
  throw new Error("the import was not done within ten minutes");
}

/** Throws if a count is not what the file says, or a phone is there twice. */
async function checkRows(
  sql: postgres.Sql,
  orgId: string,
  { id, ...result }: Finished,
  rows: number,
  strategy: (typeof STRATEGIES)[number],
  leads: number,
): Promise<void> {
  const { rejected, duplicates, phones } = expectedOf(rows);
  const fate =
    strategy === "skip" ? "duplicate_rows" : strategy === "create" ? "imported_rows" : "updated_rows";
  const expected = {
    imported_rows: rows - rejected - duplicates,
    updated_rows: 0,
    duplicate_rows: 0,
    rejected_rows: rejected,
  };
  expected[fate] += duplicates;
  const [found] = await sql`
    select (select count(*)::integer from public.leads where import_id = ${id}) as imported_rows,
      (select count(*) filter (where outcome = 'duplicate')::integer from public.import_rejections where import_id = ${id}) as duplicate_rows,
      (select count(*) filter (where outcome = 'rejected')::integer from public.import_rejections where import_id = ${id}) as rejected_rows,
      (select count(*)::integer from public.lead_phones p join public.leads l on l.id = p.lead_id where l.import_id = ${id}) as phones,
      (select count(*) - count(distinct e164) from public.lead_phones where org_id = ${orgId})::integer as twice`;
  const wrong = [
    ...Object.entries(expected).filter(([name, count]) => result[name as keyof typeof expected] !== count),
    ...Object.entries({ ...expected, updated_rows: undefined }).filter(
      ([name, count]) => count !== undefined && found?.[name] !== count,
    ),
    ...(strategy === "skip" && found?.phones !== phones ? [["phones", phones]] : []),
    ...(strategy !== "create" && leads === 0 && found?.twice !== 0
      ? [["phones that are there twice", 0]]
      : []),
  ];
  if (wrong.length > 0)
    throw new Error(`expected ${JSON.stringify(wrong)}, found ${JSON.stringify({ ...result, ...found })}`);
}
