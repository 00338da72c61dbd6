// Asks Twilio's list what became of unknown messages, and records what the list says.
import type { Direct } from "../_shared/db/direct.ts";
import type { MachineContext } from "../_shared/http/context.ts";
import { twilioApiUrl } from "../_shared/twilio/api-url.ts";
import { findTwilioAccount } from "../_shared/twilio/find-account.ts";
import { listMessages } from "../_shared/twilio/list-messages.ts";
import { type Finding, matchListedMessage } from "./match-listed-message.ts";
import { type MessageSource, renderMessage } from "./render-message.ts";

/** One row of private.due_looks. */
interface DueLook extends MessageSource {
  attempt_id: string;
  message_id: string;
  account_sid: string;
  to_number: string;
  from_number: string;
  claimed_at: Date;
  looks: number;
  known_sids: string[];
  /** The message was sent, but the worker that posted it died before it recorded the text. */
  lacks_only_text: boolean;
}

const AT_MOST = 20;
/** Twilio's dates are whole seconds and its clock is not ours. */
const CLOCK_SLACK_MS = 5_000;

/** One round over what is due now. An attempt whose look failed stays due: it comes again in two minutes. */
export async function reconcileUnknownSends({ env, log }: MachineContext, sql: Direct): Promise<void> {
  const apiUrl = twilioApiUrl(env);
  const due = await sql<DueLook[]>`select * from private.due_looks(${AT_MOST})`;
  for (const look of due) {
    try {
      if (look.lacks_only_text) {
        await recordText(sql, look);
        continue;
      }
      const finding = await lookOnce(sql, apiUrl, look);
      await record(sql, look, finding);
      log.info("asked Twilio about an unknown send", { message: look.message_id, found: finding.kind });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.warn("could not ask Twilio about an unknown send", { message: look.message_id, reason });
    }
  }
}

async function lookOnce(sql: Direct, apiUrl: string, look: DueLook): Promise<Finding & { text?: string }> {
  const account = await findTwilioAccount(sql, look.account_sid);
  if (account === null) throw new Error("the account's token is not stored");
  const rendered = renderMessage(look);
  if (!rendered.ok) return { kind: "unclear", reason: rendered.reason };
  const since = look.claimed_at.getTime() - CLOCK_SLACK_MS;
  const listed = await listMessages(apiUrl, account, { to: look.to_number, from: look.from_number, since });
  return {
    ...matchListedMessage(listed, rendered.text, look.claimed_at, new Set(look.known_sids)),
    text: rendered.text,
  };
}

async function recordText(sql: Direct, look: DueLook): Promise<void> {
  const rendered = renderMessage(look);
  if (!rendered.ok) throw new Error(rendered.reason);
  await sql`select private.record_text(${look.attempt_id}, ${rendered.text}, ${rendered.segments})`;
}

async function record(sql: Direct, look: DueLook, finding: Finding & { text?: string }): Promise<void> {
  const { attempt_id } = look;
  if (finding.kind === "unclear") {
    await sql`select private.give_up_look(${attempt_id}, ${finding.reason})`;
  } else if (finding.kind === "absent") {
    await sql`select private.record_look(${attempt_id}, null)`;
  } else {
    const { sid, status, errorCode } = finding.message;
    await sql`select private.record_look(${attempt_id}, ${sid}, ${status}, ${errorCode}, ${finding.text ?? null})`;
  }
}
