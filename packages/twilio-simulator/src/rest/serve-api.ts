// One request to Twilio's API, from its first byte to its answer.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Account } from "../state/account.ts";
import type { Simulator } from "../state/simulator.ts";
import type { ApiCall } from "./api-call.ts";
import { authenticate } from "./authenticate.ts";
import { createMessage } from "./create-message.ts";
import { openPostEntry } from "./open-post-entry.ts";
import { routeRequest } from "./route-request.ts";
import { sendAnswer } from "./send-answer.ts";
import { TwilioError } from "./twilio-error.ts";

const ACCOUNT_PATH = /^\/2010-04-01\/Accounts\/(AC[0-9a-fA-F]{32})/;

function isSend(call: Pick<ApiCall, "method" | "path">): boolean {
  return call.method === "POST" && call.path.endsWith("/Messages.json");
}

/** A send with wrong credentials is still recorded for the account it names. */
function recordRefusedSend(call: ApiCall, named: Account): void {
  const post = openPostEntry({ ...call, account: named });
  post.code = 20003;
  post.httpStatus = 401;
  post.answer = "answered";
  post.answeredAt = Date.now();
  post.answeredMono = performance.now();
}

function serve(call: ApiCall): void {
  const { account, res } = call;
  account.inFlight++;
  res.once("close", () => account.inFlight--);
  if (isSend(call) && call.path === `/2010-04-01/Accounts/${account.sid}/Messages.json`) {
    createMessage(call);
    return;
  }
  const entry = {
    kind: "request" as const,
    seq: account.record.length,
    receivedAt: call.receivedAt,
    receivedMono: call.receivedMono,
    method: call.method,
    path: call.query.size === 0 ? call.path : `${call.path}?${call.query}`,
    httpStatus: null as number | null,
  };
  account.record.push(entry);
  try {
    const concurrency = account.behaviour.limits.concurrency;
    if (concurrency !== null && account.inFlight > concurrency) throw new TwilioError(20429);
    const answer = routeRequest(call);
    if (answer.heldForMs !== undefined) {
      call.sim.timers.schedule(answer.heldForMs, () => res.socket?.destroy());
      return;
    }
    entry.httpStatus = answer.status;
    sendAnswer(res, answer, account.inFlight);
  } catch (error) {
    if (!(error instanceof TwilioError)) throw error;
    entry.httpStatus = error.status;
    sendAnswer(res, { status: error.status, body: error.toBody() }, account.inFlight);
  }
}

/** Serves a request whose body has been read. `receivedAt`/`receivedMono` are its arrival (wall, monotonic ms). */
export function serveApi(
  sim: Simulator,
  req: IncomingMessage,
  res: ServerResponse,
  body: string,
  receivedAt: number,
  receivedMono: number,
): void {
  const target = req.url ?? "/";
  const mark = target.indexOf("?");
  const path = mark === -1 ? target : target.slice(0, mark);
  const query = new URLSearchParams(mark === -1 ? "" : target.slice(mark + 1));
  const form = new URLSearchParams(body);
  const method = req.method ?? "GET";
  const owner = authenticate(sim, req.headers.authorization);
  const namedSid = ACCOUNT_PATH.exec(path)?.[1];
  const named = namedSid === undefined ? undefined : sim.accounts.get(namedSid);
  const partial = { sim, req, res, method, path, query, form, receivedAt, receivedMono };
  if (owner === null || (namedSid !== undefined && namedSid !== owner.sid)) {
    if (named !== undefined && isSend(partial)) recordRefusedSend({ ...partial, account: named }, named);
    const error = new TwilioError(20003);
    sendAnswer(res, {
      status: error.status,
      body: error.toBody(),
      headers: { "WWW-Authenticate": 'Basic realm="Twilio API"' },
    });
    return;
  }
  serve({ ...partial, account: owner });
}
