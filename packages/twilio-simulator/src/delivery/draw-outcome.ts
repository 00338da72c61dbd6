// The outcome of an accepted message, decided by its behaviour and its random draws.
import type { Account } from "../state/account.ts";
import type { Behaviour } from "../state/behaviour.ts";
import { drawUnit, hashText, Purpose, pickByShare } from "../state/draw-random.ts";
import type { Message } from "../state/message.ts";

/** Codes after which Twilio says `failed` (never handed to a carrier); all others end `undelivered`. */
const FAILED_CODES = new Set([21610, 30001, 30002, 30010, 30036, 30410, 30450, 30610, 30640]);

/** The status that a delivery code ends with. */
export function statusOfCode(code: number): "failed" | "undelivered" {
  return FAILED_CODES.has(code) ? "failed" : "undelivered";
}

/** The base of a person's random draws (line type, answer): the same for every message to that number. */
export function personBase(account: Account, phone: string): number {
  return hashText(phone, account.seed ^ 0x9e3779b9);
}

/** mobile, landline, fixedVoip or nonFixedVoip: as registered, else drawn by the behaviour's shares. */
export function lineTypeOf(account: Account, phone: string, behaviour: Behaviour): string {
  const registered = account.lineTypes.get(phone);
  if (registered !== undefined) return registered;
  const { landline, fixedVoip, nonFixedVoip } = behaviour.lines;
  if (landline + fixedVoip + nonFixedVoip === 0) return "mobile";
  const unit = drawUnit(personBase(account, phone), Purpose.lineType);
  return (
    ["landline", "fixedVoip", "nonFixedVoip"][pickByShare(unit, [landline, fixedVoip, nonFixedVoip])] ??
    "mobile"
  );
}

/** The final status and code of a message; null when it stays `sent` for ever. */
export function drawOutcome(account: Account, message: Message): Message["outcome"] {
  const { failures, unconfirmed } = message.behaviour.delivery;
  if (lineTypeOf(account, message.to, message.behaviour) === "landline")
    return { status: "undelivered", code: 30006 };
  if (failures.length === 0 && unconfirmed === 0) return { status: "delivered", code: null };
  const shares = failures.map((failure) => failure.share);
  const picked = pickByShare(drawUnit(message.base, Purpose.outcome), [...shares, unconfirmed]);
  if (picked === -1) return { status: "delivered", code: null };
  const failure = failures[picked];
  if (failure === undefined) return null;
  return { status: failure.status ?? statusOfCode(failure.code), code: failure.code };
}
