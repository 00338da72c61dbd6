// Lets Twilio delete its copies of the files of a message.
import type { TwilioAccount } from "../../_shared/twilio/find-account.ts";
import { readResource, TwilioRefusedError } from "../../_shared/twilio/read-resource.ts";

const TIMEOUT_MS = 10_000;
const MEDIA_SID = /^ME[0-9a-f]{32}$/;

/** @throws Error if Twilio refuses or can't be reached; what is gone already is no error */
export async function forgetCopies(
  apiUrl: string,
  account: TwilioAccount,
  messageSid: string,
): Promise<void> {
  const message = `${apiUrl}/2010-04-01/Accounts/${account.accountSid}/Messages/${messageSid}`;
  const found = await readResource(`${message}/Media.json?PageSize=50`, account).catch((error) => {
    if (error instanceof TwilioRefusedError && error.status === 404) return { media_list: [] };
    throw error;
  });
  const list = Array.isArray(found.media_list) ? (found.media_list as { sid?: unknown }[]) : [];
  for (const { sid } of list) {
    if (typeof sid !== "string" || !MEDIA_SID.test(sid)) continue;
    const response = await fetch(`${message}/Media/${sid}.json`, {
      method: "DELETE",
      headers: { authorization: account.authorization },
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.body?.cancel();
    if (response.status !== 204 && response.status !== 404)
      throw new Error(`Twilio answered HTTP ${response.status} to the deletion of a file.`);
  }
}
