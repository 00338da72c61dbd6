// The person who reads a delivered message, and may answer.
import { personBase } from "../delivery/draw-outcome.ts";
import type { Account } from "../state/account.ts";
import { drawDelay } from "../state/behaviour.ts";
import { drawUnit, Purpose, pickByShare } from "../state/draw-random.ts";
import type { Message } from "../state/message.ts";
import { type Simulator, scheduleWork, trackWork } from "../state/simulator.ts";
import { REPLY_KINDS } from "./person-texts.ts";
import { receiveInbound } from "./receive-inbound.ts";

/**
 * Lets the recipient answer by the behaviour's shares, after a delay. A person's kind of answer depends on the phone
 * alone, and is given once, unless `people.repeat` is set: then it is drawn for each message.
 */
export function answerAsPerson(sim: Simulator, account: Account, message: Message): void {
  const { people, timeFactor } = message.behaviour;
  if (message.direction !== "outbound-api" || message.from === null) return;
  if (!people.repeat && account.answeredPeople.has(message.to)) return;
  const base = people.repeat ? message.base : personBase(account, message.to);
  const shares = REPLY_KINDS.map((kind) => people[kind]);
  const kind = REPLY_KINDS[pickByShare(drawUnit(base, Purpose.reply), shares)];
  if (kind === undefined) return;
  account.answeredPeople.add(message.to);
  const { intent, en, es } = sim.replies[kind];
  const texts = drawUnit(base, Purpose.language) < people.spanish ? es : en;
  const body = texts[Math.floor(drawUnit(base, Purpose.wording) * texts.length)] as string;
  const to = message.from;
  const waitMs = drawDelay(people.delay, timeFactor, base, Purpose.replyDelay);
  scheduleWork(sim, account, waitMs, () => {
    // if the number was released meanwhile, the text is dropped
    if (!account.numbers.has(to)) return;
    void trackWork(
      sim,
      account,
      receiveInbound(sim, account, { from: message.to, to, body, intent, media: [] }),
    );
  });
}
