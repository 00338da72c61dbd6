// The way of an accepted message: Twilio's queue, the number's rate, the carrier, the person.
import { answerAsPerson } from "../people/answer-as-person.ts";
import type { Account, PhoneNumber } from "../state/account.ts";
import { drawDelay } from "../state/behaviour.ts";
import { Purpose } from "../state/draw-random.ts";
import type { Message } from "../state/message.ts";
import { type Simulator, scheduleWork } from "../state/simulator.ts";
import { advanceStatus } from "./advance-status.ts";

/** Seconds of the number's own rate that wait in its queue. */
export function queuedSeconds(number: PhoneNumber): number {
  return Math.max(0, number.freeMono - performance.now()) / 1000;
}

/** Hands a message to the carrier, unless it fails before. Does nothing if it was handed over already. */
export function sendOut(sim: Simulator, account: Account, message: Message): void {
  const { outcome, behaviour, base } = message;
  if (outcome?.status === "failed") {
    advanceStatus(sim, account, message, "failed", outcome.code);
    return;
  }
  if (!advanceStatus(sim, account, message, "sent", null)) return;
  const priceMs = drawDelay(behaviour.delays.price, behaviour.timeFactor, base, Purpose.priceDelay);
  message.pricedMono = performance.now() + priceMs;
  if (outcome === null) return;
  const finalMs = drawDelay(behaviour.delays.final, behaviour.timeFactor, base, Purpose.finalDelay);
  scheduleWork(sim, account, finalMs, () => {
    const isNew = advanceStatus(sim, account, message, outcome.status, outcome.code);
    if (isNew && outcome.status === "delivered") answerAsPerson(sim, account, message);
  });
}

const REFUSED_CODES = new Set([21610, 30001]);

/**
 * Starts a message on its way. Takes its place in the number's queue by segments; one that would wait longer than its
 * ValidityPeriod fails with 30036 when that ends.
 */
export function deliverMessage(
  sim: Simulator,
  account: Account,
  message: Message,
  number: PhoneNumber,
): void {
  const { behaviour, base } = message;
  const { delays, timeFactor, delivery } = behaviour;
  if (delivery.manual) return;
  const now = performance.now();
  const slot = Math.max(now, number.freeMono);
  // a message that Twilio itself refuses never reaches the number's queue
  const isQueued = number.mps !== null && !REFUSED_CODES.has(message.outcome?.code ?? 0);
  const waitMs = isQueued ? slot - now : 0;
  const validMs = message.validityPeriod * 1000;
  const isExpiring = waitMs > validMs;
  if (isQueued && !isExpiring) number.freeMono = slot + (message.segments * 1000) / (number.mps ?? 1);
  let queuedMs = 0;
  if (message.serviceSid !== null) {
    queuedMs = drawDelay(delays.queued, timeFactor, base, Purpose.queuedDelay);
    scheduleWork(sim, account, queuedMs, () => advanceStatus(sim, account, message, "queued", null));
  }
  if (isExpiring) {
    scheduleWork(sim, account, validMs, () => advanceStatus(sim, account, message, "failed", 30036));
    return;
  }
  const sentMs = drawDelay(delays.sent, timeFactor, base, Purpose.sentDelay);
  scheduleWork(sim, account, Math.max(waitMs, queuedMs) + sentMs, () => sendOut(sim, account, message));
}
