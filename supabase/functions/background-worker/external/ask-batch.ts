// Makes a batch of calls to one outside service, several at a time, and returns their results in the order in which they ended.

import { ExternalError, type FailedOutcome } from "../../_shared/external/external-error.ts";
import { describeCause } from "../../_shared/http/describe-cause.ts";
import type { Log } from "../../_shared/http/log.ts";

/** What private.claim_outside_calls returns. */
export interface ExternalBatch {
  message_id: number;
  lane_id: string | null;
  org_id: string;
  service_id: string | null;
  day: string;
  calls: ExternalCall[];
  /** True if two workers began these calls before and recorded no results. */
  is_suspect?: boolean;
}
export interface ExternalCall {
  subject: string;
  attempts: number;
  overwrites: boolean;
}

/** One result as private.settle_outside_calls takes it, with the service's answer if there is one. */
export interface ExternalResult {
  subject: string;
  outcome: "done" | FailedOutcome;
  error?: string;
  retry_after?: number;
  is_charged?: boolean;
  answer?: unknown;
}

export interface AskOptions<Item> {
  /** Calls at once. */
  concurrency: number;
  /** Asked before each call; if it returns true, the rest is given back. */
  shouldStop(): boolean;
  ask(item: Item): Promise<ExternalResult[]>;
  /** The subjects an item stands for. */
  subjectsOf(item: Item): string[];
  log: Log;
}

/** The last call of a batch begins within this time, so that with the longest time-out it ends before the claim (two minutes). */
const BEGIN_WITHIN_MS = 40_000;

/** Never throws. A service that refuses us, or says that it is asked too often, is asked no more in this batch. */
export async function askBatch<Item>(items: Item[], options: AskOptions<Item>): Promise<ExternalResult[]> {
  const { concurrency, shouldStop, ask, subjectsOf } = options;
  const results: ExternalResult[] = [];
  const begunAt = performance.now();
  let next = 0;
  let isRefused = false;
  const goOn = () =>
    next < items.length && !isRefused && !shouldStop() && performance.now() - begunAt < BEGIN_WITHIN_MS;
  const work = async () => {
    while (goOn()) {
      const item = items[next++] as Item;
      try {
        results.push(...(await ask(item)));
      } catch (error) {
        if (!(error instanceof ExternalError))
          options.log.error("a call outside failed by an error of ours", { error: describeCause(error) });
        const failure = error instanceof ExternalError ? error : OUR_ERROR;
        isRefused ||= failure.outcome === "blocked" || failure.retryAfter !== undefined;
        results.push(...subjectsOf(item).map((subject) => toResult(subject, failure)));
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, work));
  const left = items.slice(next).flatMap(subjectsOf);
  return [...results, ...left.map((subject) => toResult(subject, NOT_ASKED))];
}

const OUR_ERROR = new ExternalError("retry", "It could not be asked because of an error on our side.");
const NOT_ASKED = new ExternalError("not_asked", "", { isCharged: false });

function toResult(subject: string, failure: ExternalError): ExternalResult {
  return {
    subject,
    outcome: failure.outcome,
    error: failure.message,
    is_charged: failure.isCharged,
    ...(failure.retryAfter !== undefined && { retry_after: failure.retryAfter }),
  };
}
