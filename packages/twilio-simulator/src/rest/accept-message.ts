// Accepts a valid request: the message exists from here on, even if the client never gets an answer.
import { advanceStatus } from "../delivery/advance-status.ts";
import { deliverMessage } from "../delivery/deliver-message.ts";
import { drawOutcome } from "../delivery/draw-outcome.ts";
import { fetchMedia } from "../delivery/fetch-media.ts";
import type { Account } from "../state/account.ts";
import type { Behaviour } from "../state/behaviour.ts";
import { countSegments } from "../state/count-segments.ts";
import { drawUnit, Purpose } from "../state/draw-random.ts";
import { createSid, type Message } from "../state/message.ts";
import type { PostEntry } from "../state/record.ts";
import { type Simulator, scheduleWork, trackWork } from "../state/simulator.ts";
import { storeMessage } from "../state/store-message.ts";
import type { SendRequest } from "./validate-message.ts";

/** Creates the message, completes its record entry and starts its delivery. `base` is the base of all its draws. */
export function acceptMessage(
  sim: Simulator,
  account: Account,
  request: SendRequest,
  behaviour: Behaviour,
  base: number,
  post: PostEntry,
): Message {
  const { hidden } = behaviour;
  const isHidden = hidden.share > 0 && drawUnit(base, Purpose.hidden) < hidden.share;
  const now = Date.now();
  const usesService = request.service !== null;
  const message: Message = {
    sid: createSid(request.media.length > 0 ? "MM" : "SM"),
    direction: "outbound-api",
    to: request.to,
    from: request.number.phoneNumber,
    isSenderNamed: request.isSenderNamed,
    serviceSid: request.service?.sid ?? null,
    body: request.body,
    segments: request.media.length > 0 ? 1 : countSegments(request.body),
    media: request.media,
    status: request.sendAt !== null ? "scheduled" : usesService ? "accepted" : "queued",
    errorCode: null,
    createdAt: now,
    updatedAt: now,
    sentAt: null,
    pricedMono: Number.POSITIVE_INFINITY,
    statusCallback: request.statusCallback,
    validityPeriod: request.validityPeriod,
    hiddenUntilMono: isHidden ? performance.now() + (hidden.forMs ?? Number.POSITIVE_INFINITY) : 0,
    deleted: false,
    outcome: null,
    base,
    behaviour,
    post,
    callbacks: null,
    keptBack: [],
  };
  if (request.laterCode !== null) message.outcome = { status: "failed", code: request.laterCode };
  else if (!behaviour.delivery.manual) message.outcome = drawOutcome(account, message);
  storeMessage(account, message);
  account.day.accepted++;
  post.accepted = true;
  post.sid = message.sid;
  post.status = message.status;
  post.statusMono = performance.now();
  post.hidden = isHidden;
  const deliver =
    message.media.length === 0
      ? () => deliverMessage(sim, account, message, request.number)
      : () => void trackWork(sim, account, deliverWithMedia(sim, account, message, request));
  if (request.sendAt === null) deliver();
  else
    scheduleWork(sim, account, request.sendAt - now, () => {
      if (advanceStatus(sim, account, message, "queued", null)) deliver();
    });
  return message;
}

/** A message whose files can't be fetched fails with 63019, "Media failed to download". */
async function deliverWithMedia(
  sim: Simulator,
  account: Account,
  message: Message,
  request: SendRequest,
): Promise<void> {
  const { epoch } = account;
  const isFetched = await fetchMedia(sim, account, message);
  if (account.epoch !== epoch) return;
  if (!isFetched) message.outcome = { status: "failed", code: 63019 };
  deliverMessage(sim, account, message, request.number);
}
