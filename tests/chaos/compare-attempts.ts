// Compares every POST that Twilio received with our attempt, and every message with Twilio's reports of it, in both directions.
// Unlike a quiet run (judging/compare-messages.ts), callbacks were lost: we may know less than Twilio, but nothing else.
import type { CallbackEntry, PostEntry, RecordEntry } from "twilio-simulator";
import type { ChaosAttempt, ChaosMessage, ChaosSide } from "./read-our-side.ts";

/** Of Twilio's statuses; one that is final is 4. */
const RANK: Record<string, number> = {
  accepted: 0,
  scheduled: 0,
  queued: 1,
  sending: 2,
  sent: 3,
  delivered: 4,
  undelivered: 4,
  failed: 4,
  canceled: 4,
};
/** Our status for each. */
const STATUS: Record<string, string> = {
  accepted: "sent",
  queued: "sent",
  sending: "sent",
  sent: "sent",
  delivered: "delivered",
  undelivered: "undelivered",
  failed: "failed",
  canceled: "canceled",
};
/** Our outcomes of an attempt while Twilio has reported nothing about it. */
const UNTOLD = new Set(["unknown", "not_accepted", "resent", "assumed_sent"]);

/** Our outcomes of a message that was given up and replaced. */
const GIVEN_UP = /^(?:Twilio has no such message|given up by a person)/;

const isTold = ({ httpStatus }: CallbackEntry) =>
  httpStatus !== null && httpStatus >= 200 && httpStatus < 300;

/** The simulator's data, by our ids and by its SIDs. */
export interface TwilioSide {
  byAttempt: Map<string, PostEntry>;
  /** Statuses of the callbacks that we answered, by SID. */
  told: Map<string, string[]>;
  /** POSTs that name no attempt, or one that was posted before. */
  strays: string[];
  /** Whether messages hidden from its list stay hidden; else the second look finds them. */
  hidesForGood: boolean;
}

export function readTwilioSide(record: readonly RecordEntry[], hidesForGood: boolean): TwilioSide {
  const side: TwilioSide = { byAttempt: new Map(), told: new Map(), strays: [], hidesForGood };
  for (const entry of record) {
    if (entry.kind === "callback" && isTold(entry))
      side.told.set(entry.sid, [...(side.told.get(entry.sid) ?? []), entry.status]);
    if (entry.kind !== "post") continue;
    const before = side.byAttempt.get(entry.attempt ?? "");
    if (before || entry.attempt === null)
      side.strays.push(`attempt ${entry.attempt} to ${entry.to} was posted again`);
    else side.byAttempt.set(entry.attempt, entry);
  }
  return side;
}

/** @returns what is wrong, one sentence each; empty where both sides agree on all */
export function compareAttempts(ours: ChaosSide, twilio: TwilioSide): string[] {
  const wrong = [...twilio.strays];
  const messages = new Map(ours.messages.map((message) => [message.id, message]));
  const attempts = new Map(ours.attempts.map((attempt) => [attempt.id, attempt]));
  for (const [id, post] of twilio.byAttempt) {
    const message = messages.get(attempts.get(id)?.message_id ?? "");
    if (!message || message.id !== post.mid) wrong.push(`a POST to ${post.to} is no attempt of ours (${id})`);
    else if (message.to_number !== post.to || message.from_number !== post.from)
      wrong.push(
        `attempt ${id}: from ${message.from_number} to ${message.to_number}, at Twilio ${post.from} to ${post.to}`,
      );
  }
  for (const attempt of ours.attempts) {
    const problem = compareAttempt(attempt, twilio);
    if (problem) wrong.push(`attempt ${attempt.id} (${attempt.outcome}): ${problem}`);
  }
  const byMessage = new Map<string, ChaosAttempt[]>();
  for (const attempt of ours.attempts)
    byMessage.set(attempt.message_id, [...(byMessage.get(attempt.message_id) ?? []), attempt]);
  for (const message of ours.messages.filter(({ kind }) => kind !== "inbound")) {
    const problem = compareMessage(message, byMessage.get(message.id) ?? [], twilio);
    if (problem) wrong.push(`message ${message.id} to ${message.to_number} (${message.status}): ${problem}`);
  }
  return wrong;
}

function compareAttempt(attempt: ChaosAttempt, { byAttempt, told, hidesForGood }: TwilioSide): string | null {
  const post = byAttempt.get(attempt.id);
  const said = told.get(post?.sid ?? "") ?? [];
  if (UNTOLD.has(attempt.outcome)) {
    if (said.length > 0) return `Twilio told us ${said.join(", ")} of it`;
    return attempt.outcome === "not_accepted" && post?.accepted && !(post.hidden && hidesForGood)
      ? "it is in Twilio's list"
      : null;
  }
  if (attempt.outcome === "accepted") {
    if (!post?.accepted) return "Twilio never accepted it";
    return attempt.provider_sid === post.sid
      ? null
      : `its SID is ${attempt.provider_sid}, Twilio's is ${post.sid}`;
  }
  if (attempt.outcome === "rejected") {
    if (!post || post.accepted) return "Twilio did not refuse it";
    return post.code === attempt.error_code
      ? null
      : `its error is ${attempt.error_code}, Twilio's is ${post.code}`;
  }
  if (attempt.outcome === "not_posted") return post ? "it was posted" : null;
  return "it was left open";
}

function compareMessage(message: ChaosMessage, attempts: ChaosAttempt[], twilio: TwilioSide): string | null {
  const accepted = attempts.filter(({ outcome }) => outcome === "accepted");
  if (accepted.length === 0) {
    const isAssumed = attempts.some(({ outcome }) => outcome === "assumed_sent");
    if (message.status === "sent" && isAssumed) return null;
    return ["canceled", "failed", "unknown"].includes(message.status)
      ? null
      : "no attempt of it was accepted";
  }
  if (accepted.length > 1 && !message.needs_attention?.includes("twice"))
    return `${accepted.length} attempts were accepted, and nobody is told`;
  const attempt = accepted.find(({ id }) => id === message.attempt_id) ?? (accepted[0] as ChaosAttempt);
  const post = twilio.byAttempt.get(attempt.id);
  if (!post?.sid || !post.status) return "its POST is not in the record";
  if (message.provider_sid !== post.sid) return `its SID is ${message.provider_sid}, Twilio's is ${post.sid}`;
  if (message.content !== post.body) return "its text is not the one that Twilio got";
  if (message.segments !== post.segments)
    return `it has ${message.segments} segments, at Twilio ${post.segments}`;
  return compareStatus(message, post, twilio.told.get(post.sid) ?? []);
}

function compareStatus(message: ChaosMessage, post: PostEntry, told: string[]): string | null {
  const known = message.provider_status ?? "queued";
  const least = told.reduce((best, status) => Math.max(best, RANK[status] ?? 0), 0);
  const rank = RANK[known] ?? -1;
  if (rank < least) return `Twilio told us ${told.join(", ")}, and we believe ${known}`;
  if (rank > (RANK[post.status as string] ?? -1) || (rank === 4 && known !== post.status))
    return `we believe ${known}, and Twilio says ${post.status}`;
  // It was given up, sent again, and both went out: the campaign counts the other one.
  if (message.needs_attention?.includes("replacement was sent too")) return null;
  // It was given up, and then did fail: its replacement counts.
  if (GIVEN_UP.test(message.error_message ?? "") && rank === 4 && known !== "delivered") return null;
  if (message.status !== STATUS[known]) return `Twilio says ${known}`;
  if (rank === 4 && (message.error_code ?? null) !== post.errorCode)
    return `its error is ${message.error_code}, Twilio's is ${post.errorCode}`;
  return null;
}
