// Deactivations: the day's list of numbers that carriers deactivated, behind a redirect.
import type { Simulator } from "../state/simulator.ts";
import type { ApiAnswer, ApiCall } from "./api-call.ts";
import { TwilioError } from "./twilio-error.ts";

/** GET /v1/Deactivations?Date=YYYY-MM-DD: 307 to the list; 30113 for a day without one. */
export function redirectToDeactivations(call: ApiCall): ApiAnswer {
  const date = call.query.get("Date") ?? "";
  if (!/^\d{4}-\d\d-\d\d$/.test(date)) throw new TwilioError(20001, "Invalid Date: YYYY-MM-DD is expected");
  if (!call.account.deactivations.has(date)) throw new TwilioError(30113);
  const address = `${call.sim.url}/deactivations/${call.account.sid}/${date}.txt`;
  return { status: 307, headers: { Location: address }, body: { redirect_to: address } };
}

/** The list behind the redirect, one number a line; needs no credentials, as Twilio's pre-signed address does not. */
export function readDeactivations(sim: Simulator, accountSid: string, date: string): string | null {
  const numbers = sim.accounts.get(accountSid)?.deactivations.get(date);
  return numbers === undefined ? null : numbers.map((number) => `${number}\n`).join("");
}
