// The only place where a message's status changes.
import { priceMessage } from "../rest/show-message.ts";
import type { Account } from "../state/account.ts";
import { type Message, type MessageStatus, rankStatus } from "../state/message.ts";
import type { Simulator } from "../state/simulator.ts";
import { reportStatus } from "./report-status.ts";

/**
 * Moves a message forward and reports it. Returns false and changes nothing if its status is already the same or later.
 * Sending it charges the account's balance.
 */
export function advanceStatus(
  sim: Simulator,
  account: Account,
  message: Message,
  status: MessageStatus,
  code: number | null,
): boolean {
  if (rankStatus(status) <= rankStatus(message.status)) return false;
  message.status = status;
  message.errorCode = code;
  message.updatedAt = Date.now();
  const isOut = status === "sent" || status === "delivered" || status === "undelivered";
  if (isOut && message.sentAt === null) {
    message.sentAt = message.updatedAt;
    account.balance -= priceMessage(message);
  }
  if (message.post !== null) {
    message.post.status = status;
    message.post.statusMono = performance.now();
    message.post.errorCode = code;
  }
  reportStatus(sim, account, message, status, code);
  return true;
}
