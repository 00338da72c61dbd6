// Receives a delivery receipt, in which Twilio reports what became of a message.
import { z } from "zod";
import { retryPassingErrors } from "../_shared/db/retry-passing-errors.ts";
import type { MachineContext } from "../_shared/http/context.ts";
import { findTwilioAccount } from "../_shared/twilio/find-account.ts";
import { ReceiptQueue } from "./apply-receipts.ts";
import { logWebhook } from "./log-webhook.ts";
import { connect } from "./webhook-context.ts";

/** Loose: Twilio adds fields without notice. */
export const statusForm = z.looseObject({
  AccountSid: z.string(),
  MessageSid: z.string().min(1).max(64),
  MessageStatus: z.string().min(1).max(40),
  /** Anything: a receipt whose code can't be read still says what became of the message. */
  ErrorCode: z.unknown().optional(),
});
type StatusForm = z.output<typeof statusForm>;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Results of a receipt that are no problem. */
const ORDINARY = new Set(["applied", "repeated", "superseded", "after_the_end", "late_success"]);

/** One queue for the isolate, which has one connection. */
const queue = new ReceiptQueue();

/** A receipt that can't be applied is logged and answered with success all the same, since a repeat would not help. */
export async function receiveStatus(ctx: MachineContext, { form }: { form: StatusForm }): Promise<void> {
  const sql = connect(ctx);
  const account = await retryPassingErrors(() => findTwilioAccount(sql, form.AccountSid));
  const query = new URL(ctx.request.url).searchParams;
  const messageId = query.get("mid") ?? "";
  const attemptId = query.get("a") ?? "";
  // Its message was sent by another program on the same account, with our URL as its callback.
  if (!account || !UUID.test(messageId)) {
    return await logWebhook(
      ctx,
      account?.orgId ?? null,
      fieldsOf(form),
      "The receipt names no message of ours.",
      true,
    );
  }
  const errorCode = readErrorCode(form.ErrorCode);
  const result = await queue.apply(sql, ctx.log, {
    org_id: account.orgId,
    message_id: messageId,
    attempt_id: UUID.test(attemptId) ? attemptId : null,
    provider_sid: form.MessageSid,
    status: form.MessageStatus,
    error_code: errorCode ?? null,
    raw: form,
  });
  if (!ORDINARY.has(result)) {
    await logWebhook(ctx, account.orgId, fieldsOf(form), `The receipt was not applied: ${result}.`, true);
  } else if (errorCode === undefined) {
    const reason = "The receipt's ErrorCode is no number: it was taken for a receipt without a code.";
    await logWebhook(ctx, account.orgId, fieldsOf(form), reason, true);
  }
}

const LARGEST_INTEGER = 2_147_483_647;

/** @returns null if there is none; undefined if it is not a code that a column of type integer can hold */
function readErrorCode(value: unknown): number | null | undefined {
  const digits = value === undefined ? "" : String(value).trim();
  if (digits === "" || digits === "0") return null;
  const code = /^[1-9][0-9]{0,9}$/.test(digits) ? Number(digits) : Number.NaN;
  return code <= LARGEST_INTEGER ? code : undefined;
}

function* fieldsOf(form: StatusForm): Iterable<[string, string]> {
  for (const [name, value] of Object.entries(form)) yield [name, String(value)];
}
