// One message: fetch, cancel, redact, delete.
import { advanceStatus } from "../delivery/advance-status.ts";
import type { Message } from "../state/message.ts";
import type { ApiAnswer, ApiCall } from "./api-call.ts";
import { showMessage } from "./show-message.ts";
import { TwilioError } from "./twilio-error.ts";

function findMessage(call: ApiCall, sid: string): Message {
  const message = call.account.messagesBySid.get(sid);
  if (message === undefined || message.deleted)
    throw new TwilioError(20404, `The requested resource ${call.path} was not found`);
  return message;
}

/** GET Messages/{Sid}.json. Throws 20404 when there is none. */
export function fetchMessage(call: ApiCall, sid: string): ApiAnswer {
  return { status: 200, body: showMessage(call.account, findMessage(call, sid)) };
}

/** POST Messages/{Sid}.json: `Status=canceled` for scheduled messages, an empty `Body` to redact finished ones. */
export function updateMessage(call: ApiCall, sid: string): ApiAnswer {
  const message = findMessage(call, sid);
  const status = call.form.get("Status");
  if (status !== null) {
    if (status !== "canceled") throw new TwilioError(20001, "Invalid Status: only 'canceled' is possible");
    if (message.status !== "scheduled") throw new TwilioError(30409, "Message cannot be canceled anymore");
    advanceStatus(call.sim, call.account, message, "canceled", null);
  }
  const body = call.form.get("Body");
  if (body !== null) {
    if (body !== "")
      throw new TwilioError(20001, "Invalid Body: a message can only be redacted (empty Body)");
    const isFinished = message.status !== "queued" && message.status !== "accepted";
    if (!isFinished) throw new TwilioError(20009, "Cannot redact a message that is not finished");
    message.body = "";
    message.updatedAt = Date.now();
  }
  return { status: 200, body: showMessage(call.account, message) };
}

/** DELETE Messages/{Sid}.json: gone for the API, kept in the record. */
export function deleteMessage(call: ApiCall, sid: string): ApiAnswer {
  findMessage(call, sid).deleted = true;
  return { status: 204 };
}
