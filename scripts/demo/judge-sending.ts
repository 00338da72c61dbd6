// Judges the campaign by the simulator's record: who got what, how fast, and whether the rules of sending were kept.

import type { PostEntry, RecordEntry } from "twilio-simulator";
import { doubleSends, sentAfterOptOut, worstSlidingSecond } from "twilio-simulator/judge";
import type { ClockComparison } from "../judging/compare-clocks.ts";
import { measureNumberPace, type NumberPace } from "../judging/measure-pace.ts";
import type { OurAttempt, OurMessage } from "../judging/our-side.ts";

export interface Verdict {
  /** POSTs of the campaign, refused ones too, in order of arrival. */
  posts: PostEntry[];
  /** Numbers of people by the outcome of the campaign's message to them, as Twilio reports it. */
  delivered: number;
  undelivered: number;
  unconfirmed: number;
  /** Refused, or failed before a carrier had it, and not sent later. */
  failed: number;
  doubleSends: number;
  sentAfterOptOut: number;
  /** People who asked to be left alone. */
  optOuts: Set<string>;
  /** Texts that people wrote, each once. */
  texts: number;
  /** The most POSTs from one number that the simulator saw within any one second. */
  fastestSecond: number;
  pace: NumberPace;
}

/** @param ours only used to find the campaign's POSTs; a POST that belongs to no message of ours counts as the campaign's */
export function judgeSending(
  ours: OurMessage[],
  attempts: OurAttempt[],
  record: readonly RecordEntry[],
  clock: ClockComparison,
): Verdict {
  const kinds = new Map(ours.map(({ id, kind }) => [id, kind]));
  const confirmations = new Set(ours.filter(({ exempt }) => exempt === "confirmation").map(({ id }) => id));
  const isCampaign = (post: PostEntry) => (kinds.get(post.mid ?? "") ?? "campaign") === "campaign";
  const posts = record.filter((entry): entry is PostEntry => entry.kind === "post" && isCampaign(entry));
  const best = new Map<string, string>();
  for (const post of posts) {
    const result = resultOf(post);
    if (RANK.indexOf(result) > RANK.indexOf(best.get(post.to) ?? "")) best.set(post.to, result);
  }
  const count = (result: string) => [...best.values()].filter((one) => one === result).length;
  const texts = record.filter((entry) => entry.kind === "inbound");
  return {
    posts,
    delivered: count("delivered"),
    undelivered: count("undelivered"),
    unconfirmed: count("unconfirmed"),
    failed: count("failed"),
    doubleSends: doubleSends(record, (post) => (isCampaign(post) ? "step 1" : null)).length,
    // The judge allows one confirmation for each person, even if more POSTs are called one.
    sentAfterOptOut: sentAfterOptOut(record, { isConfirmation: ({ mid }) => confirmations.has(mid ?? "") })
      .length,
    optOuts: new Set(texts.filter(({ intent }) => intent === "stop").map(({ from }) => from)),
    texts: new Set(texts.map(({ sid }) => sid)).size,
    fastestSecond: Math.max(0, ...[...worstSlidingSecond(record).values()].map(({ count }) => count)),
    pace: measureNumberPace(
      record.filter((entry) => entry.kind === "post"),
      attempts,
      clock,
    ),
  };
}

/** If a person got several messages, the best result counts, as in a campaign's figures. */
const RANK = ["failed", "undelivered", "unconfirmed", "delivered"];

function resultOf(post: PostEntry): string {
  if (!post.accepted || post.status === "failed" || post.status === "canceled") return "failed";
  return post.status === "delivered" || post.status === "undelivered" ? post.status : "unconfirmed";
}
