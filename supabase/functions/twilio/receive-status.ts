// A delivery receipt: Twilio tells what became of a message.
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
  ErrorCode: z.coerce.number().int().optional(),
});
type StatusForm = z.output<typeof statusForm>;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** What a receipt may come to without anything being amiss. */
const ORDINARY = new Set(["applied", "repeated", "superseded", "after_the_end", "late_success"]);

/** Of this isolate, which has one connection. */
const queue = new ReceiptQueue();

/** What can't be applied is logged and answered all the same, since a repeat would not help. */
export async function receiveStatus(ctx: MachineContext, { form }: { form: StatusForm }): Promise<void> {
  const sql = connect(ctx);
  const account = await retryPassingErrors(() => findTwilioAccount(sql, form.AccountSid));
  const query = new URL(ctx.request.url).searchParams;
  const messageId = query.get("mid") ?? "";
  const attemptId = query.get("a") ?? "";
  // Sent by somebody else on the same account, with our URL as its callback.
  if (!account || !UUID.test(messageId)) {
    return await logWebhook(
      ctx,
      account?.orgId ?? null,
      fieldsOf(form),
      "The receipt names no message of ours.",
      true,
    );
  }
  const result = await queue.apply(sql, ctx.log, {
    org_id: account.orgId,
    message_id: messageId,
    attempt_id: UUID.test(attemptId) ? attemptId : null,
    provider_sid: form.MessageSid,
    status: form.MessageStatus,
    error_code: form.ErrorCode ?? null,
    raw: form,
  });
  if (ORDINARY.has(result)) return;
  await logWebhook(ctx, account.orgId, fieldsOf(form), `The receipt was not applied: ${result}.`, true);
}

function* fieldsOf(form: StatusForm): Iterable<[string, string]> {
  for (const [name, value] of Object.entries(form)) yield [name, String(value)];
}
