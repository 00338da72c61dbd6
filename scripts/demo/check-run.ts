// Every check of a finished run: sums that must add up, and the platform's data compared with the simulator's record.
import type { RecordEntry } from "twilio-simulator";
import type { LeadImport, Preview } from "../../supabase/functions/leads/imports/schemas.ts";
import { type Check, equal, nothingWrong } from "../judging/check.ts";
import { compareMessages, compareTexts, failedWebhooks } from "../judging/compare-messages.ts";
import type { Dashboard } from "./dashboard.ts";
import type { Verdict } from "./judge-sending.ts";
import type { LeadFile } from "./lead-file.ts";
import { differentFigures } from "./live-figures.ts";
import { IN_FLIGHT_MS } from "./pause-in-the-middle.ts";
import type { OurSide } from "./read-our-side.ts";
import type { CampaignRun } from "./run-campaign.ts";

export interface FinishedRun {
  dashboard: Dashboard;
  file: LeadFile;
  preview: Preview;
  done: LeadImport;
  run: CampaignRun;
  ours: OurSide;
  record: readonly RecordEntry[];
  verdict: Verdict;
  isQuiet: boolean;
}

export function checkRun(finished: FinishedRun): Check[] {
  return [
    ...checkImport(finished),
    ...checkSums(finished),
    ...checkRecord(finished),
    ...checkRules(finished),
  ];
}

function checkImport({ file, preview, done }: FinishedRun): Check[] {
  const { imported_rows, rejected_rows, duplicate_rows, total_rows } = done;
  const checks = [
    equal(
      "imported + rejected + duplicates = rows",
      imported_rows + rejected_rows + duplicate_rows,
      total_rows ?? -1,
    ),
  ];
  const { expected } = file;
  if (expected) {
    checks.push(
      equal("rows of the file", total_rows ?? -1, expected.rows),
      equal("rejected, as many as were made so", rejected_rows, expected.rejected),
      equal("duplicates, as many as were made so", duplicate_rows, expected.duplicates),
    );
  } else if (preview.total_rows !== null) {
    checks.push(
      equal("rows, as the preview counted them", total_rows ?? -1, preview.total_rows),
      equal("imported, as the preview said", imported_rows, preview.valid_rows),
    );
  }
  return checks;
}

function checkSums({ ours, run, isQuiet }: FinishedRun): Check[] {
  const { figures } = ours.stats;
  return [
    { name: "nothing is in flight any more", ok: isQuiet, found: "" },
    equal(
      "targets = excluded + canceled + sent + failed + unknown",
      figures.excluded + figures.canceled + figures.sent + figures.failed + figures.unknown,
      figures.audience,
    ),
    equal(
      "sent = delivered + undelivered + unconfirmed",
      figures.delivered + figures.undelivered + figures.unconfirmed,
      figures.sent,
    ),
    nothingWrong(
      "figures that came by Realtime = figures counted over the targets",
      differentFigures(run.live.figures, ours.stats),
    ),
  ];
}

function checkRecord({ ours, record, verdict, run }: FinishedRun): Check[] {
  const { figures } = ours.stats;
  const outbound = ours.messages.filter(({ kind }) => kind !== "inbound").length;
  const inbound = ours.messages.length - outbound;
  const optOuts = new Set(ours.optOuts);
  const unheard = [...verdict.optOuts].filter((phone) => !optOuts.has(phone));
  const unasked = ours.optOuts.filter((phone) => !verdict.optOuts.has(phone));
  return [
    equal("delivered, by Twilio's record", figures.delivered, verdict.delivered),
    equal("undelivered, by Twilio's record", figures.undelivered, verdict.undelivered),
    equal("sent without a receipt, by Twilio's record", figures.unconfirmed, verdict.unconfirmed),
    equal("failed, by Twilio's record", figures.failed, verdict.failed),
    nothingWrong(
      "message by message: status, SID, text, numbers, error code",
      compareMessages(ours.messages, record),
      `${outbound} the same`,
    ),
    nothingWrong(
      "what people wrote: each text once, and understood",
      compareTexts(ours.messages, record),
      `${inbound} texts`,
    ),
    equal("texts shown by Realtime", run.live.texts, verdict.texts),
    nothingWrong(
      "opted out: all who asked and nobody else",
      [...unheard.map((phone) => `${phone} asked`), ...unasked.map((phone) => `${phone} did not ask`)],
      `${optOuts.size} people`,
    ),
    nothingWrong("every webhook was answered", failedWebhooks(record)),
  ];
}

function checkRules({ dashboard, file, ours, record, verdict, run }: FinishedRun): Check[] {
  const { figures } = ours.stats;
  const left = new Set(
    ours.targets.filter(({ state }) => state === "excluded" || state === "canceled").map(({ e164 }) => e164),
  );
  for (const { e164, state } of ours.targets)
    if (state !== "excluded" && state !== "canceled") left.delete(e164);
  const checks = [
    equal("double sends", verdict.doubleSends, 0),
    equal("sent over 2 s after an opt-out was answered", verdict.sentAfterOptOut, 0),
    nothingWrong("opt-outs confirmed once, by Twilio or by us", confirmedWrongly(ours, record, verdict)),
    nothingWrong(
      "nobody who was excluded or canceled was written to",
      verdict.posts.filter(({ to }) => left.has(to)).map(({ to }) => to),
    ),
    checkPace(verdict, Math.max(...dashboard.numbers.map(({ mps }) => mps))),
    ...checkPause(verdict, run),
    ...checkSilent(ours, verdict, run),
  ];
  if (file.expected && file.expected.rows >= 100) {
    const rows = file.expected.rows;
    checks.push(
      {
        name: "sent to at least 80 % of the rows",
        ok: figures.sent >= rows * 0.8,
        found: `${figures.sent} of ${rows}`,
      },
      {
        name: "at least 85 % of them delivered",
        ok: figures.delivered >= figures.sent * 0.85,
        found: `${((figures.delivered / figures.sent) * 100).toFixed(1)} %`,
      },
    );
  }
  return checks;
}

function checkPause({ posts }: Verdict, { pause }: CampaignRun): Check[] {
  if (!pause) return [];
  const during = posts.filter(
    ({ receivedAt }) => receivedAt > pause.answeredAt && receivedAt < pause.resumedAt,
  );
  const late = during.filter(({ receivedAt }) => receivedAt > pause.answeredAt + IN_FLIGHT_MS);
  const hasMiddle =
    posts.some((post) => post.receivedAt < pause.answeredAt) &&
    posts.some((post) => post.receivedAt > pause.resumedAt);
  const seconds = ((pause.resumedAt - pause.answeredAt) / 1000).toFixed(1);
  return [
    {
      name: "paused in the middle, and nothing went out but what was claimed",
      ok: late.length === 0 && hasMiddle,
      found: `${during.length} within 2 s of the answer, ${late.length} later in ${seconds} s`,
    },
  ];
}

function checkSilent(ours: OurSide, { posts }: Verdict, { silent }: CampaignRun): Check[] {
  if (silent.length === 0) return [];
  const states = new Map(ours.targets.map(({ e164, state }) => [e164, state]));
  const unsettled = silent.filter((phone) => !["sent", "failed"].includes(states.get(phone) ?? ""));
  const held = posts.filter(({ answer }) => answer === "held").length;
  return [
    nothingWrong(
      "POSTs that Twilio never answered, settled by their callbacks",
      [
        ...unsettled.map((phone) => `${phone} is ${states.get(phone)}`),
        ...(held < silent.length ? ["too few were held"] : []),
      ],
      String(held),
    ),
  ];
}

function confirmedWrongly(ours: OurSide, record: readonly RecordEntry[], { optOuts }: Verdict): string[] {
  const counts = new Map([...optOuts].map((phone) => [phone, 0]));
  const add = (phone: string) => counts.has(phone) && counts.set(phone, (counts.get(phone) ?? 0) + 1);
  for (const entry of record) if (entry.kind === "auto_reply") add(entry.to);
  for (const message of ours.messages) if (message.exempt === "confirmation") add(message.to_number);
  return [...counts].filter(([, count]) => count !== 1).map(([phone, count]) => `${phone}: ${count} times`);
}

function checkPace({ pace, fastestSecond }: Verdict, mps: number): Check {
  const late =
    fastestSecond > mps ? `, some ${Math.round(pace.latestMs)} ms after their slots: a busy machine` : "";
  return {
    name: `no number given more than ${mps} slots in any second, and none posted before its slot`,
    ok: pace.slots <= mps && pace.early.length === 0,
    found: `at most ${pace.slots}; Twilio saw at most ${fastestSecond} a second${late}`,
    wrong: pace.early,
  };
}
