// GETs Balance.json: what is left on a Twilio account.
import type { TwilioAccount } from "./find-account.ts";
import { readResource } from "./read-resource.ts";

export interface Balance {
  /** A decimal number as Twilio writes it: money is never a float. */
  balance: string;
  currency: string;
}

/** @throws Error if Twilio refuses, can't be reached, or its answer is no balance */
export async function readBalance(apiUrl: string, account: TwilioAccount): Promise<Balance> {
  const url = `${apiUrl}/2010-04-01/Accounts/${account.accountSid}/Balance.json`;
  const { balance, currency } = await readResource(url, account);
  if (typeof balance !== "string" || !/^-?\d{1,9}(\.\d+)?$/.test(balance)) {
    throw new Error("Twilio's balance can't be read.");
  }
  return { balance, currency: /^[A-Z]{3}$/.test(String(currency)) ? String(currency) : "USD" };
}
