// The result of a run as one line of JSON, and as a summary to read.

import { measureOverallPace } from "../judging/measure-pace.ts";
import type { FinishedRun } from "./check-run.ts";
import type { Screen } from "./screen.ts";

export interface Result {
  rows: number;
  imported: number;
  rejected: number;
  duplicates: number;
  targets: number;
  excluded: number;
  canceled: number;
  sent: number;
  delivered: number;
  undelivered: number;
  unconfirmed: number;
  failed: number;
  unknown: number;
  needs_attention: number;
  replies: number;
  opt_outs: number;
  double_sends: number;
  sent_after_opt_out: number;
  seconds: number;
}

/** @param seconds of the whole run, including the start of the platform */
export function sumUp({ done, ours, verdict }: FinishedRun, seconds: number): Result {
  const { figures } = ours.stats;
  return {
    rows: done.total_rows ?? done.processed_rows,
    imported: done.imported_rows,
    rejected: done.rejected_rows,
    duplicates: done.duplicate_rows,
    targets: figures.audience,
    excluded: figures.excluded,
    canceled: figures.canceled,
    sent: figures.sent,
    delivered: figures.delivered,
    undelivered: figures.undelivered,
    unconfirmed: figures.unconfirmed,
    failed: figures.failed,
    unknown: figures.unknown,
    needs_attention: figures.needs_attention,
    replies: ours.messages.filter(({ kind }) => kind === "inbound").length,
    opt_outs: ours.optOuts.length,
    double_sends: verdict.doubleSends,
    sent_after_opt_out: verdict.sentAfterOptOut,
    seconds: Math.round(seconds * 10) / 10,
  };
}

export function showResult(result: Result, { ours, verdict, run }: FinishedRun, screen: Screen): void {
  const { rows, imported, rejected, duplicates, targets, excluded, canceled, failed, unknown } = result;
  const share = result.sent > 0 ? ` (${((result.delivered / result.sent) * 100).toFixed(1)} %)` : "";
  screen.say(`  rows       ${rows}: ${imported} imported, ${duplicates} duplicates, ${rejected} rejected`);
  screen.say(
    `  targets    ${targets}: ${result.sent} sent, ${excluded} excluded, ${canceled} canceled, ${failed} failed, ${unknown} unknown`,
  );
  screen.say(
    `  sent       ${result.sent}: ${result.delivered} delivered${share}, ${result.undelivered} undelivered, ${result.unconfirmed} unconfirmed`,
  );
  // The campaign's figures count only those who opted out of it after its message.
  const early = result.opt_outs - ours.stats.opt_outs;
  screen.say(
    `  people     ${result.replies} texts, ${result.opt_outs} opted out${early > 0 ? `, ${early} of them before their message` : ""}`,
  );
  const { seconds, perSecond } = measureOverallPace(verdict.posts, run.pause);
  screen.say(
    `  pace       ${perSecond.toFixed(1)} messages a second over ${seconds.toFixed(1)} s of sending`,
  );
}
