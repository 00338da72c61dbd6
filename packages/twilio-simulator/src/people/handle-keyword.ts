// Twilio's own keyword handling: blocks, unblocks, and answers by itself.
import type { Account, PhoneNumber } from "../state/account.ts";
import { readDefaultKeyword } from "./keywords.ts";
import { sendAutoReply } from "./send-auto-reply.ts";

const STOP_REPLY =
  "You have successfully been unsubscribed. You will not receive any more messages from this number. Reply START to resubscribe.";
const START_REPLY =
  "You have successfully been re-subscribed to messages from this number. Reply HELP for help. Reply STOP to unsubscribe. Msg&Data Rates May Apply.";
const HELP_REPLY = "Reply STOP to unsubscribe. Msg&Data Rates May Apply.";

export interface KeywordReading {
  keyword: "stop" | "start" | "help" | null;
  /** Sent to the webhook if the service has Advanced Opt-Out: Twilio has answered already. */
  optOutType: "STOP" | "START" | "HELP" | null;
}

/** The sender for which a block is kept: the number's Messaging Service, else the number itself. */
export function blockKey(sender: string, person: string): string {
  return `${sender}|${person}`;
}

/**
 * Applies the keyword in a person's text, if it is one. A block covers the number, or the whole Messaging Service it is
 * in. HELP is not answered to people who are blocked under Advanced Opt-Out; START is answered only if there was a block.
 */
export function handleKeyword(
  account: Account,
  number: PhoneNumber,
  person: string,
  body: string,
): KeywordReading {
  const service = number.serviceSid === null ? undefined : account.services.get(number.serviceSid);
  const key = blockKey(service?.sid ?? number.phoneNumber, person);
  const isBlocked = account.blocked.has(key);
  const advanced = service?.advancedOptOut ?? null;
  const reply = (text: string) => sendAutoReply(account, number, person, text);
  if (advanced === null) {
    const keyword = readDefaultKeyword(body, number.phoneNumber);
    if (keyword === "stop") {
      account.blocked.add(key);
      if (!isBlocked) reply(STOP_REPLY);
    }
    if (keyword === "start" && account.blocked.delete(key)) reply(START_REPLY);
    if (keyword === "help") reply(HELP_REPLY);
    return { keyword, optOutType: null };
  }
  const word = body.trim().toUpperCase();
  if (advanced.stop.includes(word)) {
    account.blocked.add(key);
    if (!isBlocked) reply(advanced.stopReply);
    return { keyword: "stop", optOutType: "STOP" };
  }
  if (advanced.start.includes(word)) {
    account.blocked.delete(key);
    reply(advanced.startReply);
    return { keyword: "start", optOutType: "START" };
  }
  if (advanced.help.includes(word)) {
    if (!isBlocked) reply(advanced.helpReply);
    return { keyword: "help", optOutType: "HELP" };
  }
  return { keyword: null, optOutType: null };
}
