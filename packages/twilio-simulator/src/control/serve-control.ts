// The control endpoints under /simulator, for tests, benches and demos in other processes.
import type { IncomingMessage, ServerResponse } from "node:http";
import { isLoopbackHost } from "../loopback-host.ts";
import { sendAnswer } from "../rest/send-answer.ts";
import { resetAccount } from "../state/account.ts";
import type { Simulator } from "../state/simulator.ts";
import { ACCOUNT_ACTIONS } from "./control-account.ts";
import { ControlError, parseSpec } from "./control-error.ts";
import { accountSpec } from "./control-schemas.ts";
import { registerAccount } from "./register-account.ts";

/** A page in a browser must not reach these endpoints through DNS rebinding. */
function requireLoopbackHost(req: IncomingMessage): void {
  const host = (req.headers.host ?? "").replace(/:\d+$/, "");
  if (!isLoopbackHost(host))
    throw new ControlError(403, "host: the simulator is controlled over loopback only");
}

function readJson(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new ControlError(400, "body: JSON is expected");
  }
}

async function control(sim: Simulator, req: IncomingMessage, text: string): Promise<unknown> {
  requireLoopbackHost(req);
  const url = new URL(req.url ?? "/", "http://localhost");
  const [, , area, sid, action, ...ids] = url.pathname.split("/");
  const method = req.method ?? "GET";
  if (area === "health" && method === "GET") return { ok: true, seed: sim.seed, accounts: sim.accounts.size };
  if (area !== "accounts") throw new ControlError(404, `path: ${url.pathname} is unknown`);
  if (sid === undefined) {
    if (method === "GET") return [...sim.accounts.keys()];
    if (method !== "POST") throw new ControlError(405, `method: ${method} is not possible here`);
    const account = registerAccount(sim, parseSpec(accountSpec, readJson(text)));
    return { accountSid: account.sid, numbers: account.numbers.size, services: account.services.size };
  }
  const account = sim.accounts.get(sid);
  if (account === undefined)
    throw new ControlError(404, `account: ${sid} is unknown; register it with POST /simulator/accounts`);
  if (action === undefined && method === "DELETE") {
    resetAccount(account);
    sim.accounts.delete(sid);
    return { deleted: true };
  }
  const run = ACCOUNT_ACTIONS[`${method} ${action}`];
  if (run === undefined) throw new ControlError(404, `path: ${method} ${url.pathname} is unknown`);
  return await run({ sim, account, query: url.searchParams, body: readJson(text), ids });
}

/** Serves one control request; `{ error }` with a 4xx names what is wrong. */
export async function serveControl(
  sim: Simulator,
  req: IncomingMessage,
  res: ServerResponse,
  body: string,
): Promise<void> {
  try {
    sendAnswer(res, { status: 200, body: await control(sim, req, body) });
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    sendAnswer(res, { status: error.status, body: { error: error.message } });
  }
}
