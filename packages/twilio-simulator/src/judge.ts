// The judge: pure functions over the simulator's record that say whether the rules of sending were kept.
import type { InboundEntry, PostEntry, RecordEntry } from "./state/record.ts";

type AnyRecord = readonly RecordEntry[];

export interface DoubleSend {
  key: string;
  to: string;
  posts: PostEntry[];
}

function acceptedPosts(record: AnyRecord): PostEntry[] {
  return record.filter((entry): entry is PostEntry => entry.kind === "post" && entry.accepted);
}

function isDead(post: PostEntry): boolean {
  return post.status === "failed" || post.status === "undelivered" || post.status === "canceled";
}

/**
 * Double sends: two or more accepted messages to one person for one purpose, none of which Twilio reported as
 * failed, undelivered or canceled.
 * @param purposeOf names what a POST is for (usually looked up by its `mid`); null leaves the POST out.
 *   Without it, messages with the same text to the same person count as one purpose.
 */
export function doubleSends(record: AnyRecord, purposeOf?: (post: PostEntry) => string | null): DoubleSend[] {
  const byPurpose = new Map<string, PostEntry[]>();
  for (const post of acceptedPosts(record)) {
    const purpose = purposeOf === undefined ? post.body : purposeOf(post);
    if (purpose === null || isDead(post)) continue;
    const key = `${post.to}|${purpose}`;
    const known = byPurpose.get(key);
    if (known === undefined) byPurpose.set(key, [post]);
    else known.push(post);
  }
  const doubles: DoubleSend[] = [];
  for (const [key, posts] of byPurpose)
    if (posts.length > 1) doubles.push({ key, to: (posts[0] as PostEntry).to, posts });
  return doubles;
}

export interface AfterOptOut {
  post: PostEntry;
  optOut: InboundEntry;
  /** Milliseconds from our answer to the STOP until the POST. */
  afterMs: number;
}

const CONFIRMATION =
  /unsubscribed|opted[ -]?out|no more messages|not (receive|get|send)|ya no recib|no (recibir|enviar)[aáeé]|dad[oa] de baja|cancelad[oa]|eliminad[oa]/i;

/** Whether a text is worded as an opt-out confirmation and was not sent to that person before the opt-out. */
export function looksLikeConfirmation(post: PostEntry, earlierBodies: ReadonlySet<string>): boolean {
  return CONFIRMATION.test(post.body) && !earlierBodies.has(post.body);
}

/**
 * POSTs to a person that arrived more than `graceMs` (2,000) after the first 2xx answer to that person's opt-out, and
 * before a later START. One confirmation is exempt: the first accepted POST for which `isConfirmation` is true.
 */
export function sentAfterOptOut(
  record: AnyRecord,
  options: {
    graceMs?: number;
    isConfirmation?: (post: PostEntry, earlierBodies: ReadonlySet<string>) => boolean;
  } = {},
): AfterOptOut[] {
  const { graceMs = 2_000, isConfirmation = looksLikeConfirmation } = options;
  const events: { mono: number; entry: PostEntry | InboundEntry }[] = [];
  for (const entry of record) {
    if (entry.kind === "post") events.push({ mono: entry.receivedMono, entry });
    else if (
      entry.kind === "inbound" &&
      isAnswered(entry) &&
      (entry.intent === "stop" || entry.intent === "start")
    )
      events.push({ mono: entry.answeredMono as number, entry });
  }
  events.sort((a, b) => a.mono - b.mono);
  const people = new Map<
    string,
    { bodies: Set<string>; optOut: InboundEntry | null; isConfirmed: boolean }
  >();
  const found: AfterOptOut[] = [];
  const heard = new Set<string>();
  for (const { mono, entry } of events) {
    // a repeated webhook changes nothing: an old STOP that is delivered again does not undo a START
    if (entry.kind === "inbound") {
      if (heard.has(entry.sid)) continue;
      heard.add(entry.sid);
    }
    const phone = entry.kind === "post" ? entry.to : entry.from;
    let person = people.get(phone);
    if (person === undefined) {
      person = { bodies: new Set(), optOut: null, isConfirmed: false };
      people.set(phone, person);
    }
    if (entry.kind === "inbound") {
      if (entry.intent === "start") person.optOut = null;
      else if (person.optOut === null) {
        person.optOut = entry;
        person.isConfirmed = false;
      }
      continue;
    }
    if (person.optOut === null) {
      person.bodies.add(entry.body);
      continue;
    }
    if (!person.isConfirmed && isConfirmation(entry, person.bodies)) {
      // A confirmation that was refused may be sent again.
      person.isConfirmed = entry.accepted;
      continue;
    }
    const afterMs = mono - (person.optOut.answeredMono as number);
    if (afterMs > graceMs) found.push({ post: entry, optOut: person.optOut, afterMs });
  }
  return found;
}

function isAnswered(entry: InboundEntry): boolean {
  return (
    entry.answeredMono !== null &&
    entry.httpStatus !== null &&
    entry.httpStatus >= 200 &&
    entry.httpStatus < 300
  );
}

export interface SlidingSecond {
  /** The most POSTs (or segments) that arrived within any one second. */
  count: number;
  /** Monotonic ms at which that second starts. */
  atMono: number;
}

/** For each sending number its worst sliding second, by the times at which POSTs arrived, refused ones included. */
export function worstSlidingSecond(
  record: AnyRecord,
  unit: "messages" | "segments" = "messages",
): Map<string, SlidingSecond> {
  const times = new Map<string, { mono: number; weight: number }[]>();
  for (const entry of record) {
    if (entry.kind !== "post" || entry.from === null) continue;
    const one = { mono: entry.receivedMono, weight: unit === "segments" ? entry.segments : 1 };
    const known = times.get(entry.from);
    if (known === undefined) times.set(entry.from, [one]);
    else known.push(one);
  }
  const worst = new Map<string, SlidingSecond>();
  for (const [number, posts] of times) {
    posts.sort((a, b) => a.mono - b.mono);
    let first = 0;
    let count = 0;
    let best: SlidingSecond = { count: 0, atMono: 0 };
    for (const post of posts) {
      count += post.weight;
      while (post.mono - (posts[first] as { mono: number }).mono >= 1_000)
        count -= (posts[first++] as { weight: number }).weight;
      if (count > best.count) best = { count, atMono: (posts[first] as { mono: number }).mono };
    }
    worst.set(number, best);
  }
  return worst;
}

export interface RecordCounts {
  posts: number;
  accepted: number;
  refused: number;
  delivered: number;
  undelivered: number;
  failed: number;
  canceled: number;
  /** Accepted and sent, with no receipt. */
  unconfirmed: number;
  /** Accepted and not yet handed to a carrier. */
  waiting: number;
  /** People's texts, each once. */
  replies: number;
  /** People who opted out, each once. */
  optOuts: number;
  callbacks: number;
  callbacksLost: number;
  autoReplies: number;
}

/** Counts the outcomes of all entries of the record. */
export function countRecord(record: AnyRecord): RecordCounts {
  const statuses: Record<string, number> = {};
  const replies = new Set<string>();
  const optOuts = new Set<string>();
  const counts = { posts: 0, accepted: 0, callbacks: 0, callbacksLost: 0, autoReplies: 0 };
  for (const entry of record) {
    if (entry.kind === "post") {
      counts.posts++;
      if (!entry.accepted) continue;
      counts.accepted++;
      const status = entry.status ?? "queued";
      statuses[status] = (statuses[status] ?? 0) + 1;
    } else if (entry.kind === "inbound") {
      replies.add(entry.sid);
      if (entry.intent === "stop") optOuts.add(entry.from);
    } else if (entry.kind === "callback") {
      if (entry.lost) counts.callbacksLost++;
      else counts.callbacks++;
    } else if (entry.kind === "auto_reply") counts.autoReplies++;
  }
  const of = (status: string) => statuses[status] ?? 0;
  return {
    ...counts,
    refused: counts.posts - counts.accepted,
    delivered: of("delivered"),
    undelivered: of("undelivered"),
    failed: of("failed"),
    canceled: of("canceled"),
    unconfirmed: of("sent"),
    waiting: of("queued") + of("accepted") + of("scheduled") + of("sending"),
    replies: replies.size,
    optOuts: optOuts.size,
  };
}

/** All judgements that don't need to know what the sender's messages are for; serialisable. */
export function judgeRecord(record: AnyRecord): RecordCounts & {
  doubleSends: number;
  sentAfterOptOut: number;
  worstSlidingSecond: Record<string, SlidingSecond>;
} {
  return {
    ...countRecord(record),
    doubleSends: doubleSends(record).length,
    sentAfterOptOut: sentAfterOptOut(record).length,
    worstSlidingSecond: Object.fromEntries(worstSlidingSecond(record)),
  };
}
