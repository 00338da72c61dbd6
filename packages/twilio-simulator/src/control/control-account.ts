// The control endpoints of one account: what each does.
import { z } from "zod";
import { advanceStatus } from "../delivery/advance-status.ts";
import { sendCallback } from "../delivery/report-status.ts";
import { judgeRecord } from "../judge.ts";
import { receiveInbound } from "../people/receive-inbound.ts";
import { type Account, patchBehaviour, resetAccount } from "../state/account.ts";
import { behaviourPatch, defaultBehaviour } from "../state/behaviour.ts";
import type { Message } from "../state/message.ts";
import { pageRecord } from "../state/record.ts";
import { type Simulator, trackWork } from "../state/simulator.ts";
import { ControlError, parseSpec } from "./control-error.ts";
import * as schemas from "./control-schemas.ts";
import { registerNumbers, registerServices } from "./register-account.ts";
import { waitUntilIdle } from "./wait-until-idle.ts";

export interface ControlCall {
  sim: Simulator;
  account: Account;
  query: URLSearchParams;
  body: unknown;
  /** The path segments after the action. */
  ids: string[];
}

type Action = (call: ControlCall) => unknown;

function findMessage(call: ControlCall): Message {
  const message = call.account.messagesBySid.get(call.ids[0] ?? "");
  if (message === undefined) throw new ControlError(404, `message: ${call.ids[0]} is unknown`);
  return message;
}

function readWhole(query: URLSearchParams, name: string, usual: number, max: number): number {
  const value = Number(query.get(name) ?? usual);
  if (!Number.isInteger(value) || value < -1 || value > max)
    throw new ControlError(400, `${name}: a whole number up to ${max} is expected`);
  return value;
}

function pageOfRecord({ account, query }: ControlCall): unknown {
  const text = (name: string) => query.get(name) ?? undefined;
  const filter = {
    kind: text("kind"),
    to: text("to"),
    from: text("from"),
    sid: text("sid"),
    mid: text("mid"),
  };
  const after = readWhole(query, "after", -1, Number.MAX_SAFE_INTEGER);
  return pageRecord(account.record, after, readWhole(query, "limit", 1_000, 10_000), filter);
}

function addOverride({ account, body }: ControlCall): unknown {
  const spec = parseSpec(schemas.overrideSpec, body);
  const scope = spec.number !== undefined ? "number" : spec.to !== undefined ? "to" : "mid";
  account.overrides.push({
    scope,
    key: spec[scope] as string,
    patch: spec.behaviour,
    times: spec.times ?? null,
  });
  return { overrides: account.overrides.length };
}

async function sendInbound({ sim, account, body }: ControlCall): Promise<unknown> {
  const spec = parseSpec(schemas.inboundSpec, body);
  if (!account.numbers.has(spec.to))
    throw new ControlError(
      404,
      `to: ${spec.to} is not a number of account ${account.sid}; register it first`,
    );
  const work = receiveInbound(sim, account, spec);
  void trackWork(sim, account, work);
  return spec.wait ? await work : { accepted: true };
}

function releaseHeld({ account, body }: ControlCall): unknown {
  const { to, mid } = parseSpec(schemas.releaseSpec, body ?? {});
  const isWanted = (held: { to: string; mid: string | null }) =>
    (to === undefined || held.to === to) && (mid === undefined || held.mid === mid);
  const released = account.held.filter(isWanted);
  account.held = account.held.filter((held) => !isWanted(held));
  for (const held of released) held.release();
  return { released: released.length };
}

/** By method and first path segment after the account. */
export const ACCOUNT_ACTIONS: Record<string, Action> = {
  "GET behaviour": ({ account }) => account.behaviour,
  "PATCH behaviour": ({ account, body }) => {
    patchBehaviour(account, parseSpec(behaviourPatch, body));
    return account.behaviour;
  },
  "PUT behaviour": ({ account, body }) => {
    const patch = parseSpec(behaviourPatch, body);
    account.behaviour = defaultBehaviour;
    patchBehaviour(account, patch);
    return account.behaviour;
  },
  "GET overrides": ({ account }) => account.overrides,
  "POST overrides": addOverride,
  "DELETE overrides": ({ account }) => {
    account.overrides = [];
    return { overrides: 0 };
  },
  "POST numbers": ({ account, body }) => {
    registerNumbers(account, parseSpec(z.array(schemas.numberSpec), body));
    return { numbers: account.numbers.size };
  },
  "POST services": ({ account, body }) => {
    registerServices(account, parseSpec(z.array(schemas.serviceSpec), body));
    return { services: account.services.size };
  },
  "POST lines": ({ account, body }) => {
    for (const [phone, type] of Object.entries(parseSpec(schemas.lineSpec, body)))
      account.lineTypes.set(phone, type);
    return { lines: account.lineTypes.size };
  },
  "POST deactivations": ({ account, body }) => {
    const spec = parseSpec(schemas.deactivationSpec, body);
    account.deactivations.set(spec.date, spec.numbers);
    return { numbers: spec.numbers.length };
  },
  "POST inbound": sendInbound,
  "GET record": pageOfRecord,
  "GET verdict": ({ account }) => judgeRecord(account.record),
  "GET held": ({ account }) => account.held.map(({ to, mid }) => ({ to, mid })),
  "POST release": releaseHeld,
  "POST status": (call) => {
    const message = findMessage(call);
    const { status, errorCode } = parseSpec(schemas.statusSpec, call.body);
    return { changed: advanceStatus(call.sim, call.account, message, status, errorCode) };
  },
  "POST callback": async (call) => {
    const message = findMessage(call);
    const { status, errorCode } = parseSpec(schemas.statusSpec, call.body);
    await sendCallback(call.sim, call.account, message, status, errorCode);
    return { sent: message.statusCallback !== null };
  },
  "GET idle": async ({ account, query }) => ({
    idle: await waitUntilIdle(account, readWhole(query, "timeoutMs", 30_000, 600_000)),
    pending: account.pending,
  }),
  "POST reset": ({ account, body }) => {
    const { seed } = parseSpec(schemas.resetSpec, body ?? {});
    resetAccount(account);
    account.seed = seed ?? account.seed;
    return { reset: true };
  },
};
