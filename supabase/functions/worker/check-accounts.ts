// Asks Twilio for the balances and A2P registrations that the database says are due, and records what Twilio answered.
import type { Direct } from "../_shared/db/direct.ts";
import { isPassing } from "../_shared/db/retry-passing-errors.ts";
import type { MachineContext } from "../_shared/http/context.ts";
import { describeCause } from "../_shared/http/describe-cause.ts";
import { twilioApiUrl } from "../_shared/twilio/api-url.ts";
import { findTwilioAccount } from "../_shared/twilio/find-account.ts";
import { twilioMessagingUrl } from "../_shared/twilio/messaging-url.ts";
import { type A2pRegistration, readA2pRegistration } from "../_shared/twilio/read-a2p-registration.ts";
import { readBalance } from "../_shared/twilio/read-balance.ts";

/** One row of private.due_account_checks. */
interface DueCheck {
  org_id: string;
  account_sid: string;
  check_balance: boolean;
  messaging_service_sids: string[];
}

/** What private.record_account_check takes. */
interface AccountCheck {
  balance?: string;
  currency?: string;
  services: A2pRegistration[];
  error?: string;
}

const AT_MOST = 10;

/** One round over what is due now. What Twilio did not answer is asked again later; the database decides when. */
export async function checkAccounts({ env, log }: MachineContext, sql: Direct): Promise<void> {
  const urls = { api: twilioApiUrl(env), messaging: twilioMessagingUrl(env) };
  const due = await sql<DueCheck[]>`select * from private.due_account_checks(${AT_MOST})`;
  for (const one of due) {
    const check = await checkAccount(sql, urls, one);
    await record(sql, one, check).catch((error) =>
      // It is due again in a minute; the others do not wait for it.
      log.error("a check of a Twilio account could not be recorded", {
        org: one.org_id,
        error: describeCause(error),
      }),
    );
    if (check.error) log.warn("could not look at a Twilio account", { org: one.org_id, reason: check.error });
  }
}

/** Never throws: an account that can't be checked holds up no other. What was read before an error is kept. */
async function checkAccount(
  sql: Direct,
  urls: { api: string; messaging: string },
  due: DueCheck,
): Promise<AccountCheck> {
  const check: AccountCheck = { services: [] };
  try {
    // A token that was just replaced is used at once: a check with the old one would fail.
    const account = await findTwilioAccount(sql, due.account_sid, 1_000);
    if (account === null) throw new Error("the account's token is not stored");
    if (due.check_balance) Object.assign(check, await readBalance(urls.api, account));
    for (const sid of due.messaging_service_sids) {
      check.services.push(await readA2pRegistration(urls.messaging, account, sid));
    }
  } catch (error) {
    check.error = (error instanceof Error ? error.message : String(error)).slice(0, 500);
  }
  return check;
}

/** A check that cannot be recorded is recorded as a failure: each retry then comes later, and people are told. */
async function record(sql: Direct, { org_id }: DueCheck, check: AccountCheck): Promise<void> {
  const say = (what: AccountCheck) =>
    sql`select private.record_account_check(${org_id}, ${sql.json(what as never)})`;
  try {
    await say(check);
  } catch (error) {
    if (isPassing(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    await say({ services: [], error: `What Twilio said could not be stored: ${reason}`.slice(0, 500) });
  }
}
