// Lets only webhooks through that Twilio signed with the token of an account we know.

import { retryPassingErrors } from "../_shared/db/retry-passing-errors.ts";
import { AppError } from "../_shared/http/app-error.ts";
import type { MachineContext } from "../_shared/http/context.ts";
import { findTwilioAccount, type TwilioAccount } from "../_shared/twilio/find-account.ts";
import { isSignatureValid } from "../_shared/twilio/verify-signature.ts";
import { KnownAccounts } from "./known-accounts.ts";
import { logWebhook } from "./log-webhook.ts";
import { calledUrl, connect } from "./webhook-context.ts";

/** Twilio's own have 30, and three for each of ten pictures. */
const MAX_FIELDS = 200;
const ACCOUNT_SID = /^AC[0-9a-f]{32}$/;

/** Of this isolate. */
const accounts = new KnownAccounts();

/** How old a token from memory may be when it does not fit: it may have been changed. Bounds what forgeries cost. */
const RELOAD_AFTER_MS = 5_000;

/**
 * AccountSid only chooses whose token to verify with: it says nothing until the signature holds.
 * @throws AppError signature_invalid (403); malformed_request (400) where a signed body is no form
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
  const fresh = await retryPassingErrors(() => findTwilioAccount(connect(ctx), accountSid, RELOAD_AFTER_MS));
  if (fresh && fresh.authToken !== account.authToken && (await isSignedBy(ctx, fresh, form, signature)))
    return;
  const reason = "The signature does not fit the account's auth token and PUBLIC_FUNCTIONS_URL.";
  await refuse(ctx, account.orgId, form, reason);
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
