// Makes a batch of calls to one service outside, some at a time, and tells what became of each in the order in which they ended.

import { ExternalError, type FailedOutcome } from "../../_shared/external/external-error.ts";
import { describeCause } from "../../_shared/http/describe-cause.ts";
import type { Log } from "../../_shared/http/log.ts";

/** What private.claim_outside_calls gives. */
export interface ExternalBatch {
  message_id: number;
  lane_id: string | null;
  org_id: string;
  service_id: string | null;
  day: string;
  calls: ExternalCall[];
  /** Two workers that made these calls before told nothing of them. */
  is_suspect?: boolean;
}
export interface ExternalCall {
  subject: string;
  attempts: number;
  overwrites: boolean;
}

/** An element of what private.settle_outside_calls takes; of answered ones with what the service said. */
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
  /** Asked before each call: the rest is given back. */
  shouldStop(): boolean;
  ask(item: Item): Promise<ExternalResult[]>;
  /** The subjects an item stands for. */
  subjectsOf(item: Item): string[];
  log: Log;
}

/** A batch is begun within this long, so that with the longest time-out it ends before its claim does (two minutes). */
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
