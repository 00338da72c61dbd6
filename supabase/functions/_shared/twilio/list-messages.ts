// GETs Messages.json: the messages that Twilio lists between two phones since a time, newest first.
import type { TwilioAccount } from "./find-account.ts";
import { readTwilioError } from "./read-error.ts";

export interface ListedMessage {
  sid: string;
  status: string;
  body: string;
  direction: string;
  errorCode: number | null;
  /** Milliseconds since 1970; Twilio's times are whole seconds. */
  createdAt: number;
}

const TIMEOUT_MS = 10_000;
const PAGE_SIZE = 100;
/** Nobody is written to a thousand times in the few minutes that are read: more pages would mean a list that does not end. */
const MAX_PAGES = 10;

/**
 * Filters by To and From, not by DateSent: a message still queued has no such date and would be missed.
 * @param since milliseconds since 1970; reading stops at the first older message
 * @throws Error if Twilio refuses, can't be reached, or its list does not end
 */
export async function listMessages(
  apiUrl: string,
  account: TwilioAccount,
  between: { to: string; from: string; since: number },
): Promise<ListedMessage[]> {
  const query = new URLSearchParams({
    To: between.to,
    From: between.from,
    PageSize: String(PAGE_SIZE),
  });
  let next: string | null = `/2010-04-01/Accounts/${account.accountSid}/Messages.json?${query}`;
  const found: ListedMessage[] = [];
  for (let page = 0; next !== null; page++) {
    if (page === MAX_PAGES) throw new Error(`Twilio lists more than ${MAX_PAGES * PAGE_SIZE} messages.`);
    const body = await readPage(apiUrl + next, account);
    for (const one of body.messages) {
      const message = readMessage(one);
      if (message.createdAt < between.since) return found;
      found.push(message);
    }
    next = body.next;
  }
  return found;
}

async function readPage(
  url: string,
  account: TwilioAccount,
): Promise<{ messages: unknown[]; next: string | null }> {
  const response = await fetch(url, {
    headers: { authorization: account.authorization, accept: "application/json" },
    redirect: "manual",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const body = (await response.json().catch(() => null)) as Record<string, unknown> | null;
  if (response.status !== 200) {
    const refusal = readTwilioError(body);
    throw new Error(
      refusal ? `Twilio error ${refusal.code}: ${refusal.message}` : `HTTP ${response.status} from Twilio`,
    );
  }
  if (!Array.isArray(body?.messages)) throw new Error("Twilio's list of messages can't be read.");
  const next = body.next_page_uri;
  // Only a path is followed, so that a list can't send the token to another host.
  return {
    messages: body.messages,
    next: typeof next === "string" && next.startsWith("/2010-04-01/") ? next : null,
  };
}

function readMessage(one: unknown): ListedMessage {
  const { sid, status, body, direction, error_code, date_created } = one as Record<string, unknown>;
  const createdAt = Date.parse(String(date_created));
  if (typeof sid !== "string" || Number.isNaN(createdAt))
    throw new Error("A message in Twilio's list has no SID or date.");
  return {
    sid,
    status: String(status),
    body: String(body ?? ""),
    direction: String(direction),
    errorCode: typeof error_code === "number" ? error_code : null,
    createdAt,
  };
}
