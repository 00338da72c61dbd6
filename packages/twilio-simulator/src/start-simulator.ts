// Starts the Twilio simulator: one loopback server for Twilio's APIs and the control endpoints.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { parseSpec } from "./control/control-error.ts";
import { type AccountSpec, accountSpec, type OverrideSpec, overrideSpec } from "./control/control-schemas.ts";
import { registerAccount } from "./control/register-account.ts";
import { serveControl } from "./control/serve-control.ts";
import { isLoopbackHost } from "./loopback-host.ts";
import { type ReplyTexts, replaceTexts, replyTexts } from "./people/person-texts.ts";
import { readDeactivations } from "./rest/deactivations.ts";
import { serveContents } from "./rest/message-media.ts";
import { sendAnswer } from "./rest/send-answer.ts";
import { serveApi } from "./rest/serve-api.ts";
import { type Account, patchBehaviour } from "./state/account.ts";
import { type BehaviourPatch, behaviourPatch } from "./state/behaviour.ts";
import type { RecordEntry } from "./state/record.ts";
import type { Simulator } from "./state/simulator.ts";
import { createTimerQueue } from "./state/timer-queue.ts";

export interface StartOptions {
  /** 0 lets the system choose. */
  port: number;
  /** A loopback host; anything else is refused. Default 127.0.0.1. */
  host?: string;
  /** Default 1. */
  seed?: number;
  /** For every account in `accounts`; an account's own behaviour overrides it. */
  behaviour?: BehaviourPatch;
  accounts?: AccountSpec[];
  /** Texts of people's answers, which replace the default ones. */
  replies?: ReplyTexts;
  log?: (line: string) => void;
  /** Lets callbacks go to hosts that are not loopback. Default false. */
  allowRemoteWebhooks?: boolean;
}

export interface RunningSimulator {
  url: string;
  seed: number;
  register(spec: AccountSpec): Account;
  account(accountSid: string): Account;
  /** The account's live record; read it, don't change it. */
  record(accountSid: string): readonly RecordEntry[];
  setBehaviour(accountSid: string, patch: BehaviourPatch): void;
  addOverride(accountSid: string, override: OverrideSpec): void;
  stop(): Promise<void>;
}

const MAX_BODY = 4_000_000;

function readBody(req: IncomingMessage, done: (body: string) => void, tooLong: () => void): void {
  if (req.method === "GET" || req.method === "HEAD") {
    done("");
    return;
  }
  const chunks: Buffer[] = [];
  let size = 0;
  req.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size <= MAX_BODY) chunks.push(chunk);
  });
  req.on("end", () => {
    if (size > MAX_BODY) tooLong();
    else
      done(
        chunks.length === 1 ? (chunks[0] as Buffer).toString("utf8") : Buffer.concat(chunks).toString("utf8"),
      );
  });
}

function serveRequest(sim: Simulator, req: IncomingMessage, res: ServerResponse): void {
  const receivedMono = performance.now();
  const receivedAt = Date.now();
  const target = req.url ?? "/";
  const fail = (error: unknown) => {
    sim.log(
      `twilio-simulator: ${req.method} ${target}: ${error instanceof Error ? error.stack : String(error)}`,
    );
    sendAnswer(res, { status: 500, body: { code: 20500, message: "The simulator failed", status: 500 } });
  };
  const list = /^\/deactivations\/(AC[0-9a-f]{32})\/(\d{4}-\d\d-\d\d)\.txt$/.exec(target);
  if (list !== null) {
    const text = readDeactivations(sim, list[1] as string, list[2] as string);
    res.writeHead(text === null ? 404 : 200, { "Content-Type": "text/plain" }).end(text ?? "");
    return;
  }
  if (target.startsWith("/media-cdn/") && serveContents(sim, req, res)) return;
  const tooLong = () => sendAnswer(res, { status: 413, body: { error: `body: at most ${MAX_BODY} bytes` } });
  readBody(
    req,
    (body) => {
      if (target.startsWith("/simulator/")) {
        serveControl(sim, req, res, body).catch(fail);
        return;
      }
      try {
        serveApi(sim, req, res, body, receivedAt, receivedMono);
      } catch (error) {
        fail(error);
      }
    },
    tooLong,
  );
}

/**
 * Starts the simulator and resolves when it listens. Rejects when the host is not loopback or the port is taken.
 * It serves any number of accounts, each with its own numbers, behaviour, seed and record.
 */
export async function startSimulator(options: StartOptions): Promise<RunningSimulator> {
  const host = options.host ?? "127.0.0.1";
  if (!isLoopbackHost(host))
    throw new Error(
      `host: the Twilio simulator listens on loopback only (127.0.0.1, ::1, localhost), not on ${host}`,
    );
  const log = options.log ?? (() => {});
  const sim: Simulator = {
    url: "",
    seed: options.seed ?? 1,
    accounts: new Map(),
    timers: createTimerQueue((error) =>
      log(`twilio-simulator: ${error instanceof Error ? error.stack : String(error)}`),
    ),
    log,
    replies: replaceTexts(parseSpec(replyTexts, options.replies ?? {})),
    allowRemoteWebhooks: options.allowRemoteWebhooks ?? false,
  };
  // a client's pooled connection must outlive its idle moments, else the client sees resets that are not part of a test
  const server = createServer({ keepAliveTimeout: 65_000, noDelay: true }, (req, res) =>
    serveRequest(sim, req, res),
  );
  server.on("clientError", (_error, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, host, 4_096, resolve);
  });
  const { port } = server.address() as AddressInfo;
  sim.url = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;

  const find = (accountSid: string): Account => {
    const account = sim.accounts.get(accountSid);
    if (account === undefined)
      throw new Error(`accountSid: ${accountSid} is not registered with the simulator`);
    return account;
  };
  const register = (spec: AccountSpec) => registerAccount(sim, parseSpec(accountSpec, spec));
  for (const spec of options.accounts ?? []) {
    const account = register({ ...spec, behaviour: options.behaviour ?? {} });
    patchBehaviour(account, parseSpec(behaviourPatch, spec.behaviour ?? {}));
  }
  return {
    url: sim.url,
    seed: sim.seed,
    register,
    account: find,
    record: (accountSid) => find(accountSid).record,
    setBehaviour: (accountSid, patch) => patchBehaviour(find(accountSid), parseSpec(behaviourPatch, patch)),
    addOverride: (accountSid, override) => {
      const { behaviour, times, ...keys } = parseSpec(overrideSpec, override);
      const scope = keys.number !== undefined ? "number" : keys.to !== undefined ? "to" : "mid";
      const key = keys[scope] as string;
      find(accountSid).overrides.push({ scope, key, patch: behaviour, times: times ?? null });
    },
    stop: async () => {
      sim.timers.stop();
      for (const account of sim.accounts.values()) account.epoch++;
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}
