// Receives a person's message: classifies what they mean, then stores it and acts on it in one database call.
import { z } from "zod";
import { retryPassingErrors } from "../_shared/db/retry-passing-errors.ts";
import type { MachineContext } from "../_shared/http/context.ts";
import { classifyInbound } from "../_shared/sms/classify-inbound.ts";
import { E164 } from "../_shared/sms/e164.ts";
import { findTwilioAccount } from "../_shared/twilio/find-account.ts";
import { logWebhook } from "./log-webhook.ts";
import { connect } from "./webhook-context.ts";

/** Loose: Twilio adds fields without notice. */
export const inboundForm = z.looseObject({
  AccountSid: z.string(),
  MessageSid: z.string().min(1).max(64),
  From: z.string().min(1).max(64),
  To: z.string().min(1).max(64),
  Body: z.string().max(20_000).default(""),
  NumMedia: z.coerce.number().int().min(0).max(50).default(0),
  OptOutType: z.string().optional().describe("STOP, START or HELP, if Twilio answered it itself"),
});
type InboundForm = z.output<typeof inboundForm>;

/** Replies are sent through the queue, never as TwiML, so that they are counted, recorded and retried like all others. */
const EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response/>';
/** Other types that Twilio may add are ignored. */
const OPT_OUT_TYPES = ["STOP", "START", "HELP"] as const;

export async function receiveInbound(
  ctx: MachineContext,
  { form }: { form: InboundForm },
): Promise<Response> {
  const result = E164.test(form.From) ? await store(ctx, form) : "unusable_sender";
  if (result === "not_our_number" || result === "unusable_sender") {
    const fields = Object.entries(form).map(([name, value]): [string, string] => [name, String(value)]);
    const account = await retryPassingErrors(() => findTwilioAccount(connect(ctx), form.AccountSid));
    await logWebhook(ctx, account?.orgId ?? null, fields, `The message was not stored: ${result}.`, true);
  }
  return new Response(EMPTY_TWIML, { headers: { "content-type": "text/xml; charset=utf-8" } });
}

async function store(ctx: MachineContext, form: InboundForm): Promise<string> {
  const sql = connect(ctx);
  const meant = classifyInbound(
    form.Body,
    OPT_OUT_TYPES.find((type) => type === form.OptOutType),
    await readLastSent(sql, form),
  );
  const [row] = await retryPassingErrors(
    () => sql`
      select private.receive_inbound(
        ${form.AccountSid}, ${form.MessageSid}, ${form.From}, ${form.To}, ${form.Body}, ${mediaUrls(form)},
        ${meant.kind}, ${meant.certainty}, ${meant.review}, ${meant.language}, ${meant.handledByTwilio},
        ${meant.matched}, p_interest => ${meant.interest}, p_class => ${meant.class}, p_rule => ${meant.rule},
        p_version => ${meant.version}, p_holds => ${meant.holds}) as result`,
  );
  return row?.result;
}

/** What we last sent to the person, which a text of several words may quote. */
async function readLastSent(sql: ReturnType<typeof connect>, form: InboundForm): Promise<string[]> {
  if (form.Body.trim().split(/\s/, 4).length < 4) return [];
  const [row] = await retryPassingErrors(
    () => sql`select private.last_sent(${form.AccountSid}, ${form.From}, ${form.To}) as sent`,
  );
  return row?.sent ?? [];
}

/** MediaUrl0, MediaUrl1, … as many as NumMedia says; an empty text for one that is not named. They are checked when fetched. */
function mediaUrls(form: InboundForm): string[] {
  return Array.from({ length: form.NumMedia }, (_, i) => {
    const url = form[`MediaUrl${i}`];
    // A little more than is stored: a cut address would be another one.
    return typeof url === "string" ? url.slice(0, 2_001) : "";
  });
}
