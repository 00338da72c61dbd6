// Accepts only webhooks that Twilio signed with the token of an account we know.

import { retryPassingErrors } from "../_shared/db/retry-passing-errors.ts";
import { AppError } from "../_shared/http/app-error.ts";
import type { MachineContext } from "../_shared/http/context.ts";
import { findTwilioAccount, type TwilioAccount } from "../_shared/twilio/find-account.ts";
import { isSignatureValid } from "../_shared/twilio/verify-signature.ts";
import { KnownAccounts } from "./known-accounts.ts";
import { logWebhook } from "./log-webhook.ts";
import { SharedLook } from "./shared-look.ts";
import { calledUrl, connect } from "./webhook-context.ts";

/** Twilio's own forms have 30 fields, and three for each of up to ten pictures. */
const MAX_FIELDS = 200;
const ACCOUNT_SID = /^AC[0-9a-f]{32}$/;

/** One for the isolate. */
const accounts = new KnownAccounts();

/**
 * If a signature does not fit, the token in memory may have been changed and is read again: at most once a second for each
 * account, which bounds what forgeries cost.
 */
const looks = new Map<string, SharedLook>();

/**
 * AccountSid only chooses whose token to verify with: it proves nothing until the signature is verified.
 * @throws AppError signature_invalid (403); malformed_request (400) if a signed body is not a form as Twilio posts it
 */
export async function verifyWebhook(ctx: MachineContext, form: URLSearchParams): Promise<void> {
  const signature = ctx.request.headers.get("x-twilio-signature") ?? "";
  if (signature === "") return await refuse(ctx, null, form, "The request is not signed by Twilio.");
  const accountSid = form.get("AccountSid");
  if (accountSid === null || form.size > MAX_FIELDS) {
    const problem = accountSid === null ? "AccountSid is missing" : `it has more than ${MAX_FIELDS} fields`;
    const reason = `The body is not a form as Twilio posts it: ${problem}.`;
    await logWebhook(ctx, null, form, reason);
    throw new AppError("malformed_request", reason);
  }
  const isKnown = ACCOUNT_SID.test(accountSid) && (await accounts.has(connect(ctx), accountSid));
  const account = isKnown
    ? await retryPassingErrors(() => findTwilioAccount(connect(ctx), accountSid))
    : null;
  if (!account) return await refuse(ctx, null, form, "No organisation here has this Twilio account.");
  if (await isSignedBy(ctx, account, form, signature)) return;
  const fresh = await readAgain(ctx, accountSid);
  if (fresh && fresh.authToken !== account.authToken && (await isSignedBy(ctx, fresh, form, signature)))
    return;
  const reason = "The signature does not fit the account's auth token and PUBLIC_FUNCTIONS_URL.";
  await refuse(ctx, account.orgId, form, reason);
}

/** The account with the token that is stored now. Only accounts we know get here, so the map is as small as they are few. */
async function readAgain(ctx: MachineContext, accountSid: string): Promise<TwilioAccount | null> {
  let look = looks.get(accountSid);
  if (look === undefined) {
    look = new SharedLook();
    looks.set(accountSid, look);
  }
  const sql = connect(ctx);
  await look.wait(() => retryPassingErrors(() => findTwilioAccount(sql, accountSid, 0)));
  return await retryPassingErrors(() => findTwilioAccount(sql, accountSid));
}

function isSignedBy(
  ctx: MachineContext,
  account: TwilioAccount,
  form: URLSearchParams,
  signature: string,
): Promise<boolean> {
  return isSignatureValid(account.authToken, calledUrl(ctx), form, signature);
}

async function refuse(
  ctx: MachineContext,
  orgId: string | null,
  form: URLSearchParams,
  reason: string,
): Promise<never> {
  await logWebhook(ctx, orgId, form, reason);
  throw new AppError("signature_invalid", reason);
}
