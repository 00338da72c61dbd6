// One call to a service outside, held to a time and a size, that follows no redirect and says what each failure means.
import { isNeverSent } from "../twilio/is-never-sent.ts";
import { OutsideError } from "./outside-error.ts";

export interface OutsideAnswer {
  status: number;
  text: string;
}

/** Of an answer's body, after decompression: no service needs more for a parcel or a batch of phones. */
export const MAX_ANSWER_BYTES = 262_144;
/** Where a service says that it is asked too often, and not for how long: seconds. */
const REST_UNLESS_TOLD = 5;

/**
 * @param timeoutMs for all of it, from the connection to the last byte: a service that drips is cut off too
 * @returns an answer of 2xx, 400, 404, 410 or 422: what those mean is the caller's to say
 * @throws OutsideError for everything else
 */
export async function callOutside(url: string, init: RequestInit, timeoutMs: number): Promise<OutsideAnswer> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    // A redirect would carry the secret to whoever it names, and past the check of the address.
    const response = await fetch(url, { ...init, redirect: "manual", signal });
    const refusal = refusalOf(response);
    if (refusal) {
      await response.body?.cancel();
      throw refusal;
    }
    return { status: response.status, text: await readText(response) };
  } catch (error) {
    if (error instanceof OutsideError) throw error;
    if (signal.aborted) throw new OutsideError("retry", `It did not answer within ${timeoutMs / 1000} s.`);
    if (isNeverSent(error)) throw new OutsideError("retry", "It can't be reached.", { isCharged: false });
    throw new OutsideError("retry", "The connection was lost before the answer was complete.");
  }
}

function refusalOf(response: Response): OutsideError | undefined {
  const { status, headers } = response;
  if (response.ok || [400, 404, 410, 422].includes(status)) return undefined;
  const retryAfter = readRetryAfter(headers.get("retry-after"));
  if (status === 429) {
    const wait = { retryAfter: retryAfter ?? REST_UNLESS_TOLD, isCharged: false };
    return new OutsideError("retry", "It is asked too often (HTTP 429).", wait);
  }
  if (status === 408 || status >= 500) {
    return new OutsideError("retry", `HTTP ${status}.`, retryAfter === undefined ? {} : { retryAfter });
  }
  if (status >= 300 && status < 400)
    return new OutsideError("blocked", "It answers with a redirect, which is not followed.");
  if (status === 401 || status === 403)
    return new OutsideError("blocked", `It does not accept our secret (HTTP ${status}).`);
  return new OutsideError("blocked", `HTTP ${status}.`);
}

/** Seconds, of a number of them or a date; undefined where it is neither. */
export function readRetryAfter(header: string | null, now = Date.now()): number | undefined {
  if (header === null) return undefined;
  const text = header.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - now) / 1000));
}

async function readText(response: Response): Promise<string> {
  if (!response.body) return "";
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > MAX_ANSWER_BYTES) {
      await reader.cancel();
      throw new OutsideError("retry", `Its answer is longer than ${MAX_ANSWER_BYTES / 1024} KB.`);
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** @throws OutsideError (retry) where a text is no JSON object or list */
export function readJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new OutsideError("retry", "Its answer is no JSON.");
  }
  if (typeof value !== "object" || value === null)
    throw new OutsideError("retry", "Its answer is no JSON object or list.");
  return value;
}
