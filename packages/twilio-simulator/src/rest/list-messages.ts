// GET Messages.json: newest first, by To, From and day or time of sending.
import type { Account } from "../state/account.ts";
import { type Message, shownSender } from "../state/message.ts";
import type { ApiAnswer, ApiCall } from "./api-call.ts";
import { pageByUri } from "./page-list.ts";
import { showMessage } from "./show-message.ts";
import { TwilioError } from "./twilio-error.ts";

function readTime(call: ApiCall, name: string): { at: number; isDay: boolean } | null {
  const text = call.query.get(name);
  if (text === null) return null;
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text);
  const at = Date.parse(isDay ? `${text}T00:00:00Z` : text);
  if (Number.isNaN(at))
    throw new TwilioError(20001, `Invalid ${name}: a date (YYYY-MM-DD) or ISO time is expected`);
  return { at, isDay };
}

const DAY = 86_400_000;

function* selectMessages(account: Account, call: ApiCall): Iterable<Message> {
  const to = call.query.get("To");
  const from = call.query.get("From");
  const on = readTime(call, "DateSent");
  const since = readTime(call, "DateSent>");
  const until = readTime(call, "DateSent<");
  const now = performance.now();
  const pool = to === null ? account.messages : (account.messagesByTo.get(to) ?? []);
  for (let i = pool.length - 1; i >= 0; i--) {
    const message = pool[i] as Message;
    if (message.deleted || message.hiddenUntilMono > now) continue;
    if (from !== null && shownSender(message) !== from) continue;
    if (on !== null || since !== null || until !== null) {
      // a message still queued has no date_sent, so no filter on it can find it
      const sentAt = message.sentAt;
      if (sentAt === null) continue;
      if (on !== null && (sentAt < on.at || sentAt >= on.at + (on.isDay ? DAY : 1000))) continue;
      if (since !== null && sentAt < since.at) continue;
      if (until !== null && sentAt >= until.at + (until.isDay ? DAY : 1000)) continue;
    }
    yield message;
  }
}

/** Lists messages in Twilio's paged shape. Hidden messages are left out for as long as they are hidden. */
export function listMessages(call: ApiCall): ApiAnswer {
  const rows = selectMessages(call.account, call);
  return {
    status: 200,
    body: pageByUri(call, "messages", rows, (message) => showMessage(call.account, message)),
  };
}
