// Calls a webhook: signed, with Twilio's timeouts, retries and idempotency token, each attempt recorded.
import { randomUUID } from "node:crypto";
import http from "node:http";
import https from "node:https";
import { isLoopbackHost } from "../loopback-host.ts";
import type { Account } from "../state/account.ts";
import type { Simulator } from "../state/simulator.ts";
import { parseWebhookTarget, type WebhookTarget } from "./connection-overrides.ts";
import { signWebhook } from "./sign-webhook.ts";

/** The part of a record entry that an attempt fills in. */
export interface AttemptTimes {
  sentAt: number;
  sentMono: number;
  answeredAt: number | null;
  answeredMono: number | null;
  httpStatus: number | null;
  error: string | null;
}

export interface WebhookAnswer {
  httpStatus: number | null;
  contentType: string | null;
  body: string;
  /** Why there is no answer: "ct" could not connect or was cut off, "rt" took too long, "refused" malformed, not loopback, or the account was reset. */
  failure: "ct" | "rt" | "refused" | null;
}

const agents = {
  "http:": new http.Agent({ keepAlive: true, maxFreeSockets: 256 }),
  "https:": new https.Agent({ keepAlive: true, maxFreeSockets: 256 }),
};

/** Webhooks of one account in flight at once; further ones wait, so that one slow receiver does not starve other accounts. */
const MAX_IN_FLIGHT = 100;

async function takeTurn(account: Account): Promise<void> {
  if (account.webhooksInFlight >= MAX_IN_FLIGHT)
    await new Promise<void>((resolve) => account.webhooksWaiting.push(resolve));
  else account.webhooksInFlight++;
}

function passTurn(account: Account): void {
  const next = account.webhooksWaiting.shift();
  if (next === undefined) account.webhooksInFlight--;
  else next();
}

function callOnce(
  target: WebhookTarget,
  method: string,
  headers: http.OutgoingHttpHeaders,
  body: string,
  remainingMs: number,
): Promise<WebhookAnswer> {
  return new Promise((resolve) => {
    const url = new URL(target.url);
    const isTls = url.protocol === "https:";
    const auth =
      url.username === ""
        ? {}
        : { auth: `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}` };
    const request = (isTls ? https : http).request(url, {
      method,
      headers,
      agent: isTls ? agents["https:"] : agents["http:"],
      ...auth,
    });
    const nothing = { httpStatus: null, contentType: null, body: "" };
    let isTimedOut = false;
    const timer = setTimeout(
      () => {
        isTimedOut = true;
        request.destroy();
        resolve({ ...nothing, failure: "rt" });
      },
      Math.min(target.readMs, remainingMs),
    );
    let connectTimer: NodeJS.Timeout | undefined;
    request.once("socket", (socket) => {
      if (!socket.connecting) return;
      connectTimer = setTimeout(() => request.destroy(new Error("connect timeout")), target.connectMs);
      socket.once("connect", () => clearTimeout(connectTimer));
    });
    const finish = (answer: WebhookAnswer) => {
      clearTimeout(timer);
      clearTimeout(connectTimer);
      if (!isTimedOut) resolve(answer);
    };
    request.once("response", (response) => {
      response.setEncoding("utf8");
      let text = "";
      response.on("data", (chunk: string) => {
        if (text.length <= 65_536) text += chunk;
      });
      response.once("end", () =>
        finish({
          httpStatus: response.statusCode ?? null,
          contentType: response.headers["content-type"] ?? null,
          body: text,
          failure: null,
        }),
      );
      response.once("error", () => finish({ ...nothing, failure: "ct" }));
    });
    request.on("error", () => finish({ ...nothing, failure: "ct" }));
    request.end(body);
  });
}

/** The API does not check these settings, so a malformed URL or a host that is not ours must fail here. */
function isCallable(sim: Simulator, url: string): boolean {
  return URL.canParse(url) && (sim.allowRemoteWebhooks || isLoopbackHost(new URL(url).hostname));
}

function isRetryable(target: WebhookTarget, answer: WebhookAnswer): boolean {
  if (answer.failure === "refused") return false;
  if (target.retryOn.has("all")) return answer.failure !== null || (answer.httpStatus ?? 0) >= 400;
  if (answer.failure !== null) return target.retryOn.has(answer.failure);
  const status = answer.httpStatus ?? 0;
  return (
    (status >= 500 && target.retryOn.has("5xx")) ||
    (status >= 400 && status < 500 && target.retryOn.has("4xx"))
  );
}

/**
 * Calls `given` (its fragment sets timeouts and retries) with `params` as a signed form, or as a query for GET.
 * Resolves with the last answer and never rejects. `openAttempt` appends a record entry per attempt (1, 2, ...).
 * @param token the I-Twilio-Idempotency-Token; the same for repeats of one webhook
 */
export async function postWebhook(
  sim: Simulator,
  account: Account,
  given: string,
  method: string,
  params: Readonly<Record<string, string>>,
  token: string,
  openAttempt: (attempt: number, url: string) => AttemptTimes,
): Promise<WebhookAnswer> {
  const target = parseWebhookTarget(given);
  const form = new URLSearchParams(params).toString();
  const isPost = method !== "GET";
  if (!isPost) target.url += (target.url.includes("?") ? "&" : "?") + form;
  const headers: http.OutgoingHttpHeaders = {
    "User-Agent": "TwilioProxy/1.1",
    Accept: "*/*",
    "X-Twilio-Signature": signWebhook(account.authToken, target.url, isPost ? params : null),
    "I-Twilio-Idempotency-Token": token,
  };
  if (isPost) {
    headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8";
    headers["Content-Length"] = Buffer.byteLength(form);
  }
  const epoch = account.epoch;
  await takeTurn(account);
  try {
    if (account.epoch !== epoch) return { httpStatus: null, contentType: null, body: "", failure: "refused" };
    const startedMono = performance.now();
    for (let attempt = 1; ; attempt++) {
      const entry = openAttempt(attempt, target.url);
      entry.sentAt = Date.now();
      entry.sentMono = performance.now();
      const remainingMs = target.totalMs - (entry.sentMono - startedMono);
      const answer: WebhookAnswer = isCallable(sim, target.url)
        ? await callOnce(target, method, headers, isPost ? form : "", remainingMs)
        : { httpStatus: null, contentType: null, body: "", failure: "refused" };
      entry.answeredAt = Date.now();
      entry.answeredMono = performance.now();
      entry.httpStatus = answer.httpStatus;
      entry.error = answer.failure;
      const spentMs = entry.answeredMono - startedMono;
      const mayRetry = attempt <= target.retries && spentMs < target.totalMs && account.epoch === epoch;
      if (!mayRetry || !isRetryable(target, answer)) return answer;
      // an immediate repeat would only meet the same closed door
      await new Promise((resolve) => setTimeout(resolve, Math.min(100 * attempt, target.totalMs - spentMs)));
    }
  } finally {
    passTurn(account);
  }
}

/** A new idempotency token. */
export function createIdempotencyToken(): string {
  return randomUUID();
}
