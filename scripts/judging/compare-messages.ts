// Compares every message of ours with the simulator's record of it, in both directions.
import type { CallbackEntry, InboundEntry, PostEntry, RecordEntry } from "twilio-simulator";
import type { OurMessage } from "./our-side.ts";

/** What is wrong, one sentence per message; empty if both sides agree on everything. */
export function compareMessages(ours: OurMessage[], record: readonly RecordEntry[]): string[] {
  const wrong: string[] = [];
  const posts = new Map<string, PostEntry[]>();
  for (const entry of record) {
    if (entry.kind !== "post") continue;
    posts.set(entry.mid ?? "", [...(posts.get(entry.mid ?? "") ?? []), entry]);
  }
  for (const message of ours.filter(({ kind }) => kind !== "inbound")) {
    const problem = compareOne(message, posts.get(message.id) ?? []);
    if (problem) wrong.push(`message ${message.id} to ${message.to_number}: ${problem}`);
    posts.delete(message.id);
  }
  for (const [mid, strays] of posts)
    wrong.push(`${strays.length} POST(s) to ${strays[0]?.to} for message "${mid}", which is none of ours`);
  return wrong;
}

/** Our status for each of Twilio's. */
const STATUS: Record<string, string> = {
  queued: "sent",
  accepted: "sent",
  sending: "sent",
  sent: "sent",
  delivered: "delivered",
  undelivered: "undelivered",
  failed: "failed",
  canceled: "canceled",
};

function compareOne(message: OurMessage, posts: PostEntry[]): string | null {
  const accepted = posts.filter((post) => post.accepted);
  const [post] = accepted;
  if (accepted.length > 1) return `Twilio accepted it ${accepted.length} times`;
  if (!post) {
    if (message.status === "canceled" && posts.length === 0) return null;
    if (message.status !== "failed") return `it is ${message.status}, and Twilio never accepted it`;
    const code = posts.at(-1)?.code ?? null;
    return code === message.error_code ? null : `its error is ${message.error_code}, Twilio's was ${code}`;
  }
  const reported = STATUS[post.status ?? "queued"];
  if (message.status !== reported) return `it is ${message.status}, Twilio says ${post.status}`;
  if (message.provider_sid !== post.sid) return `its SID is ${message.provider_sid}, Twilio's is ${post.sid}`;
  if (message.content !== post.body) return `its text is not the one that Twilio got`;
  if (message.to_number !== post.to || message.from_number !== post.from)
    return `it is from ${message.from_number}, Twilio's from ${post.from} to ${post.to}`;
  if ((message.error_code ?? null) !== post.errorCode)
    return `its error is ${message.error_code}, Twilio's is ${post.errorCode}`;
  return null;
}

/** What we may call a text that means none of those. */
const ANSWERS = ["reply", "question", "interested", "not_interested"];
/** Our class for each meaning of a person's text. */
const CLASS: Partial<Record<InboundEntry["intent"], string>> = {
  stop: "stop",
  start: "start",
  help: "help",
  wrong_number: "wrong_number",
};

/** The same for the texts that people wrote: each is there once, complete, and classified correctly. */
export function compareTexts(ours: OurMessage[], record: readonly RecordEntry[]): string[] {
  const wrong: string[] = [];
  const known = new Map(ours.filter(({ kind }) => kind === "inbound").map((one) => [one.provider_sid, one]));
  const texts = record.filter((entry): entry is InboundEntry => entry.kind === "inbound");
  for (const text of new Map(texts.map((one) => [one.sid, one])).values()) {
    const message = known.get(text.sid);
    known.delete(text.sid);
    const meant = CLASS[text.intent];
    const classes = meant === undefined ? ANSWERS : [meant];
    if (!message) wrong.push(`"${text.body}" from ${text.from} was not stored`);
    else if (
      message.content !== text.body ||
      message.from_number !== text.from ||
      message.to_number !== text.to
    )
      wrong.push(`"${text.body}" from ${text.from} was stored as "${message.content}"`);
    else if (!classes.includes(message.classification ?? ""))
      wrong.push(`"${text.body}" was taken for ${message.classification}, and meant ${meant ?? text.intent}`);
  }
  for (const stray of known.values()) wrong.push(`nobody sent "${stray.content}" from ${stray.from_number}`);
  return wrong;
}

/** Webhooks that were not answered correctly, except those that the simulator lost on purpose. */
export function failedWebhooks(record: readonly RecordEntry[]): string[] {
  const isAnswered = ({ httpStatus }: CallbackEntry | InboundEntry) =>
    httpStatus !== null && httpStatus >= 200 && httpStatus < 300;
  const webhooks = record.filter(
    (entry): entry is CallbackEntry | InboundEntry => entry.kind === "callback" || entry.kind === "inbound",
  );
  // Webhook URLs ask for retries after an error (#rc=3): one that succeeded in the end counts as answered.
  const nameOf = (entry: CallbackEntry | InboundEntry) =>
    entry.kind === "callback" ? `${entry.sid} ${entry.status}` : entry.sid;
  const through = new Set(webhooks.filter(isAnswered).map(nameOf));
  return webhooks
    .filter((entry) => !isAnswered(entry) && !through.has(nameOf(entry)))
    .filter((entry) => entry.kind === "inbound" || !entry.lost)
    .map((entry) => `${entry.kind} to ${entry.url}: ${entry.httpStatus ?? entry.error}`);
}
