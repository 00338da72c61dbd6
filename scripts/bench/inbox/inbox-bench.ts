// The inbox at 100,000 conversations: lists, counts and threads as a signed-in person asks, and a text from webhook to browser.
import postgres from "postgres";
import { equipOrg } from "../arrange/create-org.ts";
import { type Person, signUp } from "../arrange/sign-up.ts";
import { round } from "../measure/describe-machine.ts";
import { percentile } from "../measure/median.ts";
import { defineBench, type Say } from "../report/bench-types.ts";
import { atMost } from "../report/report.ts";
import { addOwners } from "../search/owners.ts";
import { withStack } from "../stack/start-stack-process.ts";
import { addConversations } from "./conversations.ts";
import { hearTexts } from "./hear-texts.ts";
import { type InboxQuestion, inboxQuestions } from "./questions.ts";

const BUDGET_MS = { list: 50, counts: 50, browser: 250 } as const;
/** Owners inserted by one statement. */
const AT_ONCE = 50_000;

const options = {
  conversations: { what: "conversations of one organisation", value: 100_000 },
  rounds: { what: "how often each question is asked", value: 5 },
  texts: { what: "texts from webhook to browser", value: 200 },
  per_second: { what: "texts a second", value: 10 },
  seed: { what: "of what is random", value: 20_260_101 },
};

export const inboxBench = defineBench({
  name: "inbox",
  summary:
    "lists, counts and threads of 100,000 conversations, as a signed-in person; a text from webhook to browser",
  options,
  async run({ conversations, rounds, texts, per_second, seed }, say) {
    return await withStack({ durable: true }, async (stack) => {
      const sql = postgres(stack.adminUrl, { max: 2, onnotice: () => {} });
      try {
        const person = await signUp(stack, "Tierras Claras");
        const [user] = await sql`select org_id from public.users where id = ${person.id}`;
        const orgId: string = user?.org_id;
        const equipment = await equipOrg(sql, orgId, { n: 0, numbers: 5, mps: 5 });
        for (let from = 1; from <= conversations; from += AT_ONCE)
          await addOwners(sql, orgId, { from, count: Math.min(AT_ONCE, conversations + 1 - from), seed });
        const numberIds = equipment.numbers.map(({ id }) => id);
        await addConversations(sql, orgId, { count: conversations, numberIds, assigneeIds: [person.id] });
        const [made] = await sql`select count(*)::int as n from public.conversations where org_id = ${orgId}`;
        say(`${made?.n} conversations are there`);

        const labels = await sql`select id from public.labels where org_id = ${orgId} order by name`;
        const questions = inboxQuestions({
          label: labels[0]?.id,
          otherLabel: labels[1]?.id,
          number: numberIds[0] as string,
          assignee: person.id,
        });
        const [listMs, countMs, threadMs] = await askAsPerson(sql, person, questions, rounds, say);
        const people = await sql`
          select e164 from public.conversations where org_id = ${orgId} order by id limit ${texts}`;
        const heard = await hearTexts(stack, {
          orgId,
          token: person.token,
          twilio: equipment,
          to: equipment.numbers[0]?.e164 as string,
          from: people.map(({ e164 }) => e164),
          perSecond: per_second,
        });
        const [list, counts, thread, browser] = [listMs, countMs, threadMs, heard].map((ms) =>
          percentile(ms, 95),
        ) as [number, number, number, number];
        return {
          figures: [
            atMost("a list, ms in the database, 95th percentile", list, BUDGET_MS.list),
            atMost("the counts, ms in the database, 95th percentile", counts, BUDGET_MS.counts),
            atMost("a thread, ms in the database, 95th percentile", thread, BUDGET_MS.list),
            atMost("text from webhook to browser, ms, 95th percentile", browser, BUDGET_MS.browser),
            { name: "text from webhook to browser, ms, median", value: percentile(heard, 50) },
            atMost("texts not heard", texts - heard.length, 0),
          ],
          result: {
            n_questions: questions.length,
            list_p95_ms: round(list),
            counts_p95_ms: round(counts),
            thread_p95_ms: round(thread),
            browser_p95_ms: round(browser),
            missed: texts - heard.length,
          },
        };
      } finally {
        await sql.end({ timeout: 5 });
      }
    });
  },
});

/** As `authenticated`, with the person's claims, as REST sets them. @returns milliseconds of lists, counts and threads */
async function askAsPerson(
  sql: postgres.Sql,
  { id }: Person,
  questions: InboxQuestion[],
  rounds: number,
  say: Say,
): Promise<[number[], number[], number[]]> {
  const claims = JSON.stringify({ sub: id, role: "authenticated" });
  return await sql.begin(async (tx) => {
    await tx`select set_config('request.jwt.claims', ${claims}, true)`;
    await tx`set local role authenticated`;
    const times = new Map<InboxQuestion, number[]>();
    const [counts, threads]: number[][] = [[], []];
    // The first round is not counted.
    for (let n = 0; n <= rounds; n++) {
      const timed = async <T>(into: number[] | undefined, ask: () => Promise<T>): Promise<T> => {
        const started = performance.now();
        const answer = await ask();
        if (n > 0) into?.push(performance.now() - started);
        return answer;
      };
      let some: { id: string }[] = [];
      for (const question of questions) {
        const list = times.get(question) ?? [];
        times.set(question, list);
        const [row] = await timed(
          list,
          () => tx`
            select public.list_conversations(${JSON.stringify(question.filter)}::text::jsonb, ${question.limit ?? 50},
              p_offset => ${question.offset ?? 0}) as found`,
        );
        if (row?.found.conversations.length > 0) some = row?.found.conversations;
      }
      for (let i = 0; i < 5; i++) await timed(counts, () => tx`select public.count_conversations()`);
      for (const conversation of some.slice(0, 10))
        await timed(threads, () => tx`select public.read_thread(${conversation.id})`);
    }
    const slowest = [...times]
      .map(([question, ms]) => ({ question, ms: percentile(ms, 50) }))
      .sort((a, b) => b.ms - a.ms);
    say("the slowest lists, median ms:");
    for (const { question, ms } of slowest.slice(0, 8)) say(`  ${round(ms)}  ${JSON.stringify(question)}`);
    return [[...times.values()].flat(), counts ?? [], threads ?? []];
  });
}
