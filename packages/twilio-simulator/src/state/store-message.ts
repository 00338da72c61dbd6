// Stores a message for the API.
import type { Account } from "./account.ts";
import type { Message } from "./message.ts";

/** Adds the message to the account's list, by SID and by recipient. */
export function storeMessage(account: Account, message: Message): void {
  account.messages.push(message);
  account.messagesBySid.set(message.sid, message);
  const known = account.messagesByTo.get(message.to);
  if (known === undefined) account.messagesByTo.set(message.to, [message]);
  else known.push(message);
}
