// POST Messages.json: records the request, decides its outcome, and answers it; by its behaviour late, wrongly or never.
import { chooseSender } from "../delivery/choose-sender.ts";
import { sendOut } from "../delivery/deliver-message.ts";
import type { Account } from "../state/account.ts";
import { type Behaviour, drawDelay } from "../state/behaviour.ts";
import { drawUnit, hashText, Purpose, pickByShare } from "../state/draw-random.ts";
import type { Message } from "../state/message.ts";
import type { PostEntry } from "../state/record.ts";
import { resolveBehaviour } from "../state/resolve-behaviour.ts";
import { acceptMessage } from "./accept-message.ts";
import type { ApiAnswer, ApiCall } from "./api-call.ts";
import { openPostEntry } from "./open-post-entry.ts";
import { sendAnswer } from "./send-answer.ts";
import { showMessage } from "./show-message.ts";
import { TwilioError } from "./twilio-error.ts";
import { normalisePhone, validateMessage } from "./validate-message.ts";

const MISBEHAVIOURS = [
  "timeoutAfterAccept",
  "resetBeforeAccept",
  "resetAfterAccept",
  "errorBeforeAccept",
  "errorAfterAccept",
] as const;

function answerPost(call: ApiCall, post: PostEntry, answer: ApiAnswer): void {
  const isGone = call.res.destroyed;
  post.answeredAt = Date.now();
  post.answeredMono = performance.now();
  post.answer = isGone ? "gone" : "answered";
  post.httpStatus = isGone ? null : answer.status;
  sendAnswer(call.res, answer, call.account.inFlight);
}

function refusePost(call: ApiCall, post: PostEntry, error: TwilioError): void {
  post.code = error.code;
  answerPost(call, post, { status: error.status, body: error.toBody() });
}

function answerServerError(call: ApiCall, post: PostEntry, status: number): void {
  post.misbehaviour ??= "error";
  answerPost(call, post, { status, body: { ...new TwilioError(20500).toBody(), status } });
}

function hold(call: ApiCall, mid: string | null, release: () => void): void {
  call.account.held.push({ to: call.form.get("To") ?? "", mid, release });
}

/** A rolling 24 hours from the first message, as Twilio counts the account's daily messages. */
function isDayFull(account: Account, behaviour: Behaviour): boolean {
  const cap = behaviour.limits.dailyMessages;
  if (cap === null) return false;
  const now = performance.now();
  if (now - account.day.startedMono >= 86_400_000) account.day = { startedMono: now, accepted: 0 };
  return account.day.accepted >= cap;
}

/** Accepts, or refuses by throwing TwilioError. */
function takeIn(call: ApiCall, post: PostEntry, behaviour: Behaviour, base: number): Message {
  const request = validateMessage(call.account, call.form, behaviour);
  if (isDayFull(call.account, behaviour)) throw new TwilioError(63038);
  const shares = behaviour.rejections.map((rejection) => rejection.share);
  const refused = behaviour.rejections[pickByShare(drawUnit(base, Purpose.rejection), shares)];
  if (refused !== undefined) throw new TwilioError(refused.code);
  post.from = request.number.phoneNumber;
  return acceptMessage(call.sim, call.account, request, behaviour, base, post);
}

function answerAccepted(call: ApiCall, post: PostEntry, message: Message, waitMs: number): void {
  // the body is made now: a late answer still has the state at acceptance
  const answer: ApiAnswer = { status: 201, body: showMessage(call.account, message) };
  if (waitMs <= 0) answerPost(call, post, answer);
  else call.sim.timers.schedule(waitMs, () => answerPost(call, post, answer));
}

function answerAfterCallback(call: ApiCall, post: PostEntry, message: Message): void {
  const answer: ApiAnswer = { status: 201, body: showMessage(call.account, message) };
  sendOut(call.sim, call.account, message);
  void (message.callbacks ?? Promise.resolve()).then(() => answerPost(call, post, answer));
}

function proceed(call: ApiCall, post: PostEntry, behaviour: Behaviour, base: number): void {
  const { answers, delays, timeFactor, callbacks } = behaviour;
  const shares = MISBEHAVIOURS.map((kind) => answers[kind]);
  const kind = MISBEHAVIOURS[pickByShare(drawUnit(base, Purpose.answer), shares)] ?? null;
  post.misbehaviour = kind;
  if (kind === "resetBeforeAccept") {
    post.answer = "reset";
    call.res.socket?.resetAndDestroy();
    return;
  }
  if (kind === "errorBeforeAccept") {
    answerServerError(call, post, answers.errorStatus);
    return;
  }
  let message: Message;
  try {
    message = takeIn(call, post, behaviour, base);
  } catch (error) {
    if (!(error instanceof TwilioError)) throw error;
    post.misbehaviour = null;
    refusePost(call, post, error);
    return;
  }
  if (kind === "resetAfterAccept") {
    post.answer = "reset";
    call.res.socket?.resetAndDestroy();
  } else if (kind === "timeoutAfterAccept") {
    post.answer = "held";
    call.sim.timers.schedule(answers.holdMs, () => call.res.socket?.destroy());
  } else if (kind === "errorAfterAccept") {
    answerServerError(call, post, answers.errorStatus);
  } else if (answers.hold === "after_accept") {
    const body = showMessage(call.account, message);
    hold(call, post.mid, () => answerPost(call, post, { status: 201, body }));
  } else if (callbacks.beforeAnswer > 0 && drawUnit(base, Purpose.beforeAnswer) < callbacks.beforeAnswer) {
    post.misbehaviour = "callbackBeforeAnswer";
    answerAfterCallback(call, post, message);
  } else {
    answerAccepted(call, post, message, drawDelay(delays.answer, timeFactor, base, Purpose.answerDelay));
  }
}

/**
 * Serves POST Messages.json, authenticated already. Every request is recorded, also those refused. Its draws depend on
 * the account's seed, the recipient and how many requests named that recipient before.
 */
export function createMessage(call: ApiCall): void {
  const { account, form } = call;
  const post = openPostEntry(call);
  const to = normalisePhone(post.to) ?? post.to;
  post.to = to;
  const concurrency = account.behaviour.limits.concurrency;
  if (concurrency !== null && account.inFlight > concurrency) {
    refusePost(call, post, new TwilioError(20429));
    return;
  }
  const ordinal = account.ordinals.get(to) ?? 0;
  account.ordinals.set(to, ordinal + 1);
  const base = hashText(`${to}|${ordinal}`, account.seed);
  const sender = form.get("From") || chooseSender(account, post.serviceSid ?? "", to)?.phoneNumber || null;
  const behaviour = resolveBehaviour(account, sender, to, post.mid);
  if (behaviour.answers.hold === "before_accept")
    hold(call, post.mid, () => proceed(call, post, behaviour, base));
  else proceed(call, post, behaviour, base);
}
