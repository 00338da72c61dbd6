// GETs one JSON resource of Twilio's API.
import type { TwilioAccount } from "./find-account.ts";
import { readTwilioError } from "./read-error.ts";

const TIMEOUT_MS = 10_000;

export class TwilioRefusedError extends Error {
  constructor(
    readonly status: number,
    readonly code: number | null,
    message: string,
  ) {
    super(message);
  }
}

/**
 * @param url the resource's URL, at the configured host
 * @throws TwilioRefusedError for any answer other than 200 with JSON, Error if there is no answer
 */
export async function readResource(url: string, account: TwilioAccount): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    headers: { authorization: account.authorization, accept: "application/json" },
    // A redirect would send the token to the host that it names.
    redirect: "manual",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const body = (await response.json().catch(() => null)) as Record<string, unknown> | null;
  if (response.status === 200 && body !== null && typeof body === "object") return body;
  const refusal = readTwilioError(body);
  throw new TwilioRefusedError(
    response.status,
    refusal?.code ?? null,
    refusal ? `Twilio error ${refusal.code}: ${refusal.message}` : `HTTP ${response.status} from Twilio`,
  );
}
