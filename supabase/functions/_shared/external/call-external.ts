// One call to an outside service, with limits of time and size. It follows no redirect, and says what each failure means.
import { isNeverSent } from "../twilio/is-never-sent.ts";
import { AnswerError } from "./byte-reader.ts";
import type { Exchange, ExternalRequest, RawAnswer } from "./exchange-http.ts";
import { ExternalError } from "./external-error.ts";

export interface ExternalAnswer {
  status: number;
  text: string;
}

/** The most of an answer's body: no service needs more for a parcel or a batch of phones. */
export const MAX_ANSWER_BYTES = 262_144;
/** Levels of lists and objects within each other: answers of services have five or ten. */
const MAX_DEPTH = 64;
/** Seconds to wait if a service says that it is asked too often, but not for how long. */
const REST_UNLESS_TOLD = 5;

/**
 * @param timeoutMs for the whole call, from the look-up of the name to the last byte: a slow answer is cut off too
 * @param exchange how the request is sent: exchangePinned for a host that a tenant named
 * @returns an answer of 2xx, 400, 404, 410 or 422: the caller decides what these mean
 * @throws ExternalError for everything else
 */
export async function callExternal(
  url: string,
  request: ExternalRequest,
  timeoutMs: number,
  exchange: Exchange,
): Promise<ExternalAnswer> {
  const signal = AbortSignal.timeout(timeoutMs);
  const limits = { wantsBody: isAnswer, maxBytes: MAX_ANSWER_BYTES };
  try {
    const answer = await inTime(exchange(url, request, limits, signal), signal);
    const refusal = refusalOf(answer);
    if (refusal) throw refusal;
    return { status: answer.status, text: answer.text ?? "" };
  } catch (error) {
    if (signal.aborted) throw new ExternalError("retry", `It did not answer within ${timeoutMs / 1000} s.`);
    if (error instanceof ExternalError) throw error;
    if (error instanceof AnswerError) throw new ExternalError("retry", error.message);
    if (isNeverSent(error)) throw new ExternalError("retry", "It can't be reached.", { isCharged: false });
    throw new ExternalError("retry", "The connection was lost before the answer was complete.");
  }
}

/** Rejects when the time is over, even if the work goes on. */
export async function inTime<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort);
  });
  // Work that fails after the time limit must not be an unhandled rejection.
  work.catch(() => {});
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

const isAnswer = (status: number) => (status >= 200 && status < 300) || [400, 404, 410, 422].includes(status);

function refusalOf({ status, headers }: RawAnswer): ExternalError | undefined {
  if (isAnswer(status)) return undefined;
  const retryAfter = readRetryAfter(headers.get("retry-after") ?? null);
  if (status === 429) {
    const wait = { retryAfter: retryAfter ?? REST_UNLESS_TOLD, isCharged: false };
    return new ExternalError("retry", "It is asked too often (HTTP 429).", wait);
  }
  if (status === 408 || status >= 500) {
    return new ExternalError("retry", `HTTP ${status}.`, retryAfter === undefined ? {} : { retryAfter });
  }
  if (status >= 300 && status < 400)
    return new ExternalError("blocked", "It answers with a redirect, which is not followed.");
  if (status === 401 || status === 403)
    return new ExternalError("blocked", `It does not accept our secret (HTTP ${status}).`);
  return new ExternalError("blocked", `HTTP ${status}.`);
}

/** Seconds, from a number of seconds or a date; undefined if the header is neither. */
export function readRetryAfter(header: string | null, now = Date.now()): number | undefined {
  if (header === null) return undefined;
  const text = header.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - now) / 1000));
}

/** @throws ExternalError (retry) if a text is no JSON object or list, or is nested too deep */
export function readJson(text: string): unknown {
  if (isTooDeep(text))
    throw new ExternalError("retry", `Its answer is nested deeper than ${MAX_DEPTH} levels.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ExternalError("retry", "Its answer is no JSON.");
  }
  if (typeof value !== "object" || value === null)
    throw new ExternalError("retry", "Its answer is no JSON object or list.");
  return value;
}

/** Counts brackets outside of strings, before the text is parsed. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  let isInString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (isInString) {
      if (code === 0x5c) i++;
      else if (code === 0x22) isInString = false;
    } else if (code === 0x22) isInString = true;
    else if (code === 0x5b || code === 0x7b) {
      if (++depth > MAX_DEPTH) return true;
    } else if (code === 0x5d || code === 0x7d) depth--;
  }
  return false;
}
