// A message as Twilio keeps it.
import { randomUUID } from "node:crypto";
import type { Behaviour } from "./behaviour.ts";
import type { PostEntry } from "./record.ts";

export type MessageStatus =
  | "accepted"
  | "scheduled"
  | "queued"
  | "sending"
  | "sent"
  | "delivered"
  | "undelivered"
  | "failed"
  | "canceled"
  | "received";

export interface Message {
  sid: string;
  direction: "inbound" | "outbound-api" | "outbound-reply";
  to: string;
  from: string | null;
  /** The request named the sender; otherwise the API shows none until the Messaging Service has chosen. */
  isSenderNamed: boolean;
  serviceSid: string | null;
  body: string;
  segments: number;
  media: string[];
  status: MessageStatus;
  errorCode: number | null;
  createdAt: number;
  updatedAt: number;
  sentAt: number | null;
  /** Monotonic ms from which the price is shown. */
  pricedMono: number;
  statusCallback: string | null;
  validityPeriod: number;
  /** Monotonic ms until which the list hides it; 0 shown, Infinity hidden for good. */
  hiddenUntilMono: number;
  deleted: boolean;
  /** Its outcome; null while the control endpoint is to decide it, or if it stays `sent`. */
  outcome: { status: "delivered" | "undelivered" | "failed"; code: number | null } | null;
  /** Base of all of this message's draws. */
  base: number;
  behaviour: Behaviour;
  /** Its place in the record; absent for inbound messages and automatic replies. */
  post: PostEntry | null;
  /** Callbacks that wait for earlier ones, so that order is lost only on purpose. */
  callbacks: Promise<void> | null;
  /** Callbacks that a reordering keeps back until the final one is out. */
  keptBack: (() => Promise<void>)[];
}

/** A new SID: prefix and 32 hex digits. */
export function createSid(prefix: string): string {
  return prefix + randomUUID().replaceAll("-", "");
}

const RANK: Record<MessageStatus, number> = {
  scheduled: 0,
  accepted: 0,
  queued: 1,
  sending: 2,
  sent: 3,
  delivered: 4,
  undelivered: 4,
  failed: 4,
  canceled: 4,
  received: 4,
};

/** How far a status is along a message's way, 0..4. Source: Twilio's status diagram for outbound messages. */
export function rankStatus(status: MessageStatus): number {
  return RANK[status];
}

/** The sender as the API shows it: null while a Messaging Service has not chosen one. */
export function shownSender(message: Message): string | null {
  const isChosen = message.isSenderNamed || (message.status !== "accepted" && message.status !== "scheduled");
  return isChosen ? message.from : null;
}
