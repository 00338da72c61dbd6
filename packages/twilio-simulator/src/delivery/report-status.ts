// Status callbacks: what Twilio sends when a message's status changes, with losses, repeats and reordering on purpose.
import type { Account } from "../state/account.ts";
import { drawDelay } from "../state/behaviour.ts";
import { drawUnit, Purpose } from "../state/draw-random.ts";
import { type Message, type MessageStatus, rankStatus } from "../state/message.ts";
import type { CallbackEntry } from "../state/record.ts";
import { type Simulator, scheduleWork, trackWork } from "../state/simulator.ts";
import { createIdempotencyToken, postWebhook } from "./post-webhook.ts";

/** YYMMDDhhmm, as carriers write it. */
function formatDlrDate(at: number): string {
  return new Date(at).toISOString().replace(/[-:T]/g, "").slice(2, 12);
}

function createParams(
  account: Account,
  message: Message,
  status: MessageStatus,
  code: number | null,
): Record<string, string> {
  const params: Record<string, string> = {
    AccountSid: account.sid,
    ApiVersion: "2010-04-01",
    From: message.from ?? "",
    MessageSid: message.sid,
    MessageStatus: status,
    SmsSid: message.sid,
    SmsStatus: status,
    To: message.to,
  };
  if (message.serviceSid !== null) params.MessagingServiceSid = message.serviceSid;
  if (code !== null) params.ErrorCode = String(code);
  if (status === "delivered" || status === "undelivered") params.RawDlrDoneDate = formatDlrDate(Date.now());
  return params;
}

function openEntry(
  account: Account,
  message: Message,
  status: MessageStatus,
  code: number | null,
  url: string,
  isDuplicate: boolean,
): CallbackEntry {
  const entry: CallbackEntry = {
    kind: "callback",
    seq: account.record.length,
    sid: message.sid,
    to: message.to,
    status,
    errorCode: code,
    url,
    attempt: 1,
    duplicate: isDuplicate,
    lost: false,
    sentAt: Date.now(),
    sentMono: performance.now(),
    answeredAt: null,
    answeredMono: null,
    httpStatus: null,
    error: null,
  };
  account.record.push(entry);
  return entry;
}

/** Sends one callback now, also if the message has another status; resolves when it was answered or given up. */
export async function sendCallback(
  sim: Simulator,
  account: Account,
  message: Message,
  status: MessageStatus,
  code: number | null,
  repeat: { token: string; isDuplicate: boolean } = { token: createIdempotencyToken(), isDuplicate: false },
): Promise<void> {
  const url = message.statusCallback;
  if (url === null) return;
  const params = createParams(account, message, status, code);
  await postWebhook(sim, account, url, "POST", params, repeat.token, (attempt, calledUrl) => {
    const entry = openEntry(account, message, status, code, calledUrl, repeat.isDuplicate);
    entry.attempt = attempt;
    return entry;
  });
}

/**
 * Reports a status change to the message's StatusCallback. Callbacks of one message are sent one after the other, so that
 * they arrive out of order only if the behaviour says so.
 */
export function reportStatus(
  sim: Simulator,
  account: Account,
  message: Message,
  status: MessageStatus,
  code: number | null,
): void {
  if (message.statusCallback === null) return;
  const { callbacks, delays, timeFactor } = message.behaviour;
  const rank = rankStatus(status);
  const base = message.base;
  if (callbacks.lost > 0 && drawUnit(base, Purpose.lost + rank) < callbacks.lost) {
    openEntry(account, message, status, code, message.statusCallback, false).lost = true;
    return;
  }
  const isDoubled =
    callbacks.duplicated > 0 && drawUnit(base, Purpose.duplicated + rank) < callbacks.duplicated;
  const epoch = account.epoch;
  const send = async () => {
    if (account.epoch !== epoch) return;
    const token = createIdempotencyToken();
    await sendCallback(sim, account, message, status, code, { token, isDuplicate: false });
    if (!isDoubled) return;
    const wait = drawDelay(delays.sent, timeFactor, base, Purpose.duplicated + rank);
    scheduleWork(sim, account, wait, () => {
      const again = sendCallback(sim, account, message, status, code, { token, isDuplicate: true });
      void trackWork(sim, account, again);
    });
  };
  const isKeptBack =
    rank < 4 &&
    message.outcome !== null &&
    callbacks.reordered > 0 &&
    drawUnit(base, Purpose.reordered) < callbacks.reordered;
  if (isKeptBack) {
    message.keptBack.push(send);
    return;
  }
  const work = (message.callbacks ?? Promise.resolve()).then(send);
  const late = rank === 4 ? message.keptBack.splice(0) : [];
  message.callbacks = late.reduce((before, next) => before.then(next), work);
  void trackWork(sim, account, message.callbacks);
}
