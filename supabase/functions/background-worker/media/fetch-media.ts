// Fetches a file that a person sent from Twilio: from the account's own address with its token, then where Twilio leads, without.
import { TooLongError } from "../../_shared/external/byte-reader.ts";
import { inTime } from "../../_shared/external/call-external.ts";
import type { Exchange, RawAnswer } from "../../_shared/external/exchange-http.ts";
import { ExternalError } from "../../_shared/external/external-error.ts";
import { type DetectedType, detectType } from "../../_shared/media/detect-type.ts";
import type { TwilioAccount } from "../../_shared/twilio/find-account.ts";
import { isLoopbackUrl } from "../../_shared/twilio/is-loopback-url.ts";

export type FetchedMedia =
  | { outcome: "fetched"; bytes: Uint8Array; is: DetectedType }
  /** Another try can't help. */
  | { outcome: "refused"; reason: string }
  | { outcome: "retry"; reason: string };

export interface FetchMeans {
  /** TWILIO_API_URL, without a slash at the end. */
  apiUrl: string;
  /** exchangePinned: it connects to public addresses only, or to this machine if Twilio is on it. */
  exchange: Exchange;
  /** For the whole file, from the first look-up of a name to the last byte. */
  timeoutMs?: number;
}

/** Twilio's own limit for what it takes from a carrier. */
export const MAX_MEDIA_BYTES = 5_242_880;
const TIMEOUT_MS = 10_000;
const MAX_REDIRECTS = 2;
const REDIRECTS = [301, 302, 303, 307, 308];

/** Never throws. @param url as Twilio's webhook named it */
export async function fetchMedia(
  url: string,
  account: TwilioAccount,
  means: FetchMeans,
): Promise<FetchedMedia> {
  if (!isOwnFile(url, means.apiUrl, account.accountSid))
    return { outcome: "refused", reason: "Its address is none of your Twilio account's files." };
  const { timeoutMs = TIMEOUT_MS } = means;
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    return await inTime(follow(url, account, means, signal), signal);
  } catch (error) {
    if (signal.aborted)
      return { outcome: "retry", reason: `Twilio did not send it within ${timeoutMs / 1000} s.` };
    if (error instanceof TooLongError)
      return { outcome: "refused", reason: "The file is larger than 5 MiB." };
    const reason =
      error instanceof ExternalError ? error.message : "The connection was lost before it was complete.";
    return { outcome: "retry", reason };
  }
}

async function follow(
  url: string,
  account: TwilioAccount,
  { apiUrl, exchange }: FetchMeans,
  signal: AbortSignal,
): Promise<FetchedMedia> {
  let address = url;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    // The token goes to Twilio's API and to no other host.
    const headers: Record<string, string> = hop === 0 ? { authorization: account.authorization } : {};
    const limits = {
      wantsBody: (status: number) => status === 200,
      maxBytes: MAX_MEDIA_BYTES,
      asBytes: true,
    };
    const answer = await exchange(address, { method: "GET", headers }, limits, signal);
    if (!REDIRECTS.includes(answer.status)) return judge(answer);
    const next = redirectOf(answer, address, isLoopbackUrl(apiUrl));
    if (next === null)
      return { outcome: "refused", reason: "Twilio leads to an address that is not its own." };
    address = next;
  }
  return { outcome: "refused", reason: `Twilio redirects more than ${MAX_REDIRECTS} times.` };
}

/** Compared as text: nothing that a parser might read in another way passes. */
function isOwnFile(url: string, apiUrl: string, accountSid: string): boolean {
  const start = `${apiUrl}/2010-04-01/Accounts/${accountSid}/Messages/`;
  return url.startsWith(start) && /^MM[0-9a-f]{32}\/Media\/ME[0-9a-f]{32}$/.test(url.slice(start.length));
}

/** @returns null unless it is one of Twilio's hosts by https, or this machine while Twilio is on it */
function redirectOf({ headers }: RawAnswer, from: string, isLoopback: boolean): string | null {
  const location = headers.get("location") ?? "";
  if (location === "" || !URL.canParse(location, from)) return null;
  const next = new URL(location, from);
  next.hash = "";
  if (next.username !== "" || next.password !== "") return null;
  if (isLoopback) return next.protocol === "http:" && isLoopbackUrl(next.href) ? next.href : null;
  const isTwilio = /(?:^|\.)(?:twilio\.com|twiliocdn\.com)$/.test(next.hostname);
  return next.protocol === "https:" && next.port === "" && isTwilio ? next.href : null;
}

function judge({ status, bytes }: RawAnswer): FetchedMedia {
  if (status !== 200 || !bytes) return { outcome: "retry", reason: `Twilio answered HTTP ${status}.` };
  if (bytes.length === 0) return { outcome: "refused", reason: "The file is empty." };
  const is = detectType(bytes);
  if (is === null)
    return { outcome: "refused", reason: "The file is HTML, SVG or XML, which may contain programs." };
  return { outcome: "fetched", bytes, is };
}
