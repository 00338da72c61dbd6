// The record entry of a POST to Messages.json, appended when it arrives.
import { countSegments } from "../state/count-segments.ts";
import type { PostEntry } from "../state/record.ts";
import type { ApiCall } from "./api-call.ts";

function readQuery(url: string | null): URLSearchParams | null {
  if (url === null) return null;
  const start = url.indexOf("?");
  if (start === -1) return null;
  const end = url.indexOf("#", start);
  return new URLSearchParams(url.slice(start + 1, end === -1 ? undefined : end));
}

/** Appends and returns the entry, not yet answered; `mid` and `a` come from the StatusCallback's query. */
export function openPostEntry(call: ApiCall): PostEntry {
  const { form, account } = call;
  const statusCallback = form.get("StatusCallback");
  const ids = readQuery(statusCallback);
  const validity = form.get("ValidityPeriod");
  const body = form.get("Body") ?? "";
  const entry: PostEntry = {
    kind: "post",
    seq: account.record.length,
    receivedAt: call.receivedAt,
    receivedMono: call.receivedMono,
    answeredAt: null,
    answeredMono: null,
    answer: "pending",
    httpStatus: null,
    code: null,
    accepted: false,
    misbehaviour: null,
    sid: null,
    to: form.get("To") ?? "",
    from: form.get("From"),
    serviceSid: form.get("MessagingServiceSid"),
    body,
    segments: countSegments(body),
    media: form.getAll("MediaUrl"),
    statusCallback,
    mid: ids?.get("mid") ?? null,
    attempt: ids?.get("a") ?? null,
    validityPeriod: validity === null ? null : Number(validity),
    status: null,
    statusMono: null,
    errorCode: null,
    hidden: false,
  };
  account.record.push(entry);
  return entry;
}
