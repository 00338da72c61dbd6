// Every check of one organisation after a run: the simulator's record against our tables, and invariants.

import type { PostEntry, RecordEntry } from "twilio-simulator";
import { type DoubleSend, doubleSends, sentAfterOptOut, worstSlidingSecond } from "twilio-simulator/judge";
import { type Check, nothingWrong } from "../../scripts/judging/check.ts";
import { compareTexts, failedWebhooks } from "../../scripts/judging/compare-messages.ts";
import { measureNumberPace } from "../../scripts/judging/measure-pace.ts";
import { checkFigures } from "../fixtures/check-figures.ts";
import { compareAttempts, readTwilioSide, type TwilioSide } from "./compare-attempts.ts";
import type { Faults, Pause } from "./faults.ts";
import { type ChaosSide, claimedAt, readOurSide } from "./read-our-side.ts";
import { type ChaosOrg, MPS } from "./start-world.ts";

/** Of the wall clocks of two processes of one machine, in whole milliseconds. */
const ROUNDING_MS = 2;

export async function checkOrg(
  { org, hidesForGood }: ChaosOrg,
  { pauses, answers }: Pick<Faults, "pauses" | "answers">,
): Promise<Check[]> {
  const record = await org.simulator.readRecord();
  const ours = await readOurSide(org.sql, org.id);
  const twilio = readTwilioSide(record, hidesForGood);
  const posts = record.filter((entry): entry is PostEntry => entry.kind === "post");
  const confirmations = new Set(
    ours.messages.filter(({ exempt }) => exempt === "confirmation").map(({ id }) => id),
  );
  const late = sentAfterOptOut(record, { isConfirmation: ({ mid }) => confirmations.has(mid ?? "") });
  return [
    nothingWrong(
      "attempt by attempt and message by message, as Twilio has it",
      compareAttempts(ours, twilio),
      `${posts.length} POSTs, ${ours.messages.length} messages`,
    ),
    checkDoubles(ours, record, twilio),
    nothingWrong(
      "nothing posted over 2 s after an opt-out's answer but the one confirmation",
      late.map(({ post, afterMs }) => `${post.to}: ${Math.round(afterMs)} ms after, message ${post.mid}`),
    ),
    nothingWrong("nothing claimed after a pause or stop was answered", claimedWhilePaused(ours, pauses)),
    nothingWrong("of two answers at once one is sent, and none twice", doubleAnswers(ours, posts, answers)),
    nothingWrong("conversations count their texts, and know who waits", await checkConversations(org)),
    checkPace(ours, posts, record),
    nothingWrong(
      "what people wrote: each text once, and understood",
      compareTexts(ours.messages, record),
      `${ours.messages.filter(({ kind }) => kind === "inbound").length} texts`,
    ),
    nothingWrong("every webhook was answered", failedWebhooks(record)),
    nothingWrong(
      "figures add up, folded and counted, and targets tell what messages do",
      await checkFigures(org, org.id),
    ),
    nothingWrong(
      "daily caps: the same charged to organisation and numbers, less to campaigns only by answers",
      await checkCaps(org),
    ),
  ];
}

/** If Twilio accepted two messages for one step, an alert says so, unless that could not be known or a person decided it. */
function checkDoubles(ours: ChaosSide, record: readonly RecordEntry[], { told }: TwilioSide): Check {
  const messages = new Map(ours.messages.map((message) => [message.id, message]));
  const outcomes = new Map(ours.attempts.map(({ id, outcome }) => [id, outcome]));
  const doubles = doubleSends(record, ({ mid }) => {
    const message = messages.get(mid ?? "");
    return message?.kind === "campaign" ? `${message.campaign_id}|${message.step}` : null;
  });
  const isExplained = ({ posts }: DoubleSend) => {
    const known = posts.filter(
      ({ sid, attempt }) => told.has(sid ?? "") || outcomes.get(attempt ?? "") === "accepted",
    );
    if (known.length < 2) return posts.some(({ attempt }) => outcomes.get(attempt ?? "") === "resent");
    const campaign = messages.get(posts[0]?.mid ?? "")?.campaign_id ?? "";
    const isTold = posts.some(({ mid }) => messages.get(mid ?? "")?.needs_attention);
    return isTold && ours.alerts.get(campaign)?.has("double_send");
  };
  const silent = doubles.filter((double) => !isExplained(double));
  const describe = ({ to, posts }: DoubleSend) =>
    `${to}: ${posts.map(({ mid, attempt, status }) => `${mid} (${outcomes.get(attempt ?? "")}, ${status})`).join(" and ")}`;
  return nothingWrong(
    "nobody got a step twice without somebody being told",
    silent.map(describe),
    `${doubles.length} told`,
  );
}

/** An answer is posted again only if it is certain that Twilio does not have it, or if a person decided so. */
function doubleAnswers(ours: ChaosSide, posts: PostEntry[], answers: Faults["answers"]): string[] {
  const wrong: string[] = [];
  const taken = new Map<string, Set<string>>();
  for (const { version, content, isTaken } of answers)
    if (isTaken) taken.set(version, (taken.get(version) ?? new Set()).add(content));
  for (const [version, contents] of taken) if (contents.size > 1) wrong.push(`both were taken at ${version}`);
  for (const { id, kind } of ours.messages) {
    if (kind !== "direct") continue;
    const accepted = posts.filter(({ mid, sid }) => mid === id && sid !== null && sid !== undefined);
    const isResent = ours.attempts.some((a) => a.message_id === id && a.outcome === "resent");
    if (accepted.length > 1 && !isResent) wrong.push(`message ${id} was accepted ${accepted.length} times`);
  }
  return wrong;
}

/** Versions and reply spans as they are, against a recount from the messages. */
async function checkConversations({ sql, id }: ChaosOrg["org"]): Promise<string[]> {
  const rows = await sql`
    select c.id, c.version, c.waiting_since, (
        select count(*)::int from public.messages m where m.conversation_id = c.id and m.conversation_version is not null) as texts, (
        select min(f.at) from private.reply_facts(c, '-infinity') f where f.kind = 'asked' and not exists (
          select from private.reply_facts(c, '-infinity') o where o.kind <> 'asked' and o.at >= f.at)) as waiting
    from public.conversations c where c.org_id = ${id}`;
  return rows
    .filter((row) => row.version !== row.texts || row.waiting_since?.getTime() !== row.waiting?.getTime())
    .map((row) => JSON.stringify(row));
}

function claimedWhilePaused(ours: ChaosSide, pauses: Pause[]): string[] {
  const campaigns = new Map(ours.messages.map(({ id, campaign_id }) => [id, campaign_id]));
  return ours.attempts.flatMap(({ id, message_id }) => {
    const at = claimedAt(id);
    const isIn = ({ campaign, answeredAt, resumedAt }: Pause) =>
      campaign === campaigns.get(message_id) &&
      at > answeredAt + ROUNDING_MS &&
      at < (resumedAt ?? Number.POSITIVE_INFINITY) - ROUNDING_MS;
    const pause = pauses.find(isIn);
    return pause ? [`attempt ${id}, ${at - pause.answeredAt} ms after the answer`] : [];
  });
}

function checkPace(ours: ChaosSide, posts: PostEntry[], record: readonly RecordEntry[]): Check {
  const pace = measureNumberPace(posts, ours.attempts, { aheadMs: 0, uncertainMs: 0 });
  const seen = Math.max(0, ...[...worstSlidingSecond(record).values()].map(({ count }) => count));
  return {
    name: `no number given more than ${MPS} slots in any second, and none posted before its slot`,
    ok: pace.slots <= MPS && pace.early.length === 0,
    found: `at most ${pace.slots}; Twilio saw at most ${seen} a second, the latest ${Math.round(pace.latestMs)} ms after its slot`,
    wrong: pace.early,
  };
}

async function checkCaps({ sql, id }: ChaosOrg["org"]): Promise<string[]> {
  const [sums] = await sql<Record<"org" | "campaigns" | "numbers", number>[]>`
    select sum(messages) filter (where scope = 'org')::int as org, sum(messages) filter (where scope = 'campaign')::int as campaigns,
      sum(messages) filter (where scope = 'number')::int as numbers
    from private.daily_usage where scope_id = ${id} or scope_id in (
      select c.id from public.campaigns c where c.org_id = ${id} union all select n.id from public.phone_numbers n where n.org_id = ${id})`;
  if (sums === undefined) throw new Error("the sums of daily_usage are missing");
  const { org, campaigns, numbers } = sums;
  const [direct] = await sql`
    select count(*)::int as n from public.messages where org_id = ${id} and kind = 'direct'`;
  // Answers of people are charged to organisation and numbers alone.
  const ofPeople = org - campaigns;
  return org === numbers && ofPeople >= 0 && ofPeople <= direct?.n
    ? []
    : [`${org}, ${campaigns} and ${numbers} messages, and ${direct?.n} answers`];
}
