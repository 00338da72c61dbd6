// Registers accounts, their numbers and services; registering again keeps messages and record.
import type { z } from "zod";
import {
  type Account,
  createAccount,
  createPhoneNumber,
  createService,
  patchBehaviour,
} from "../state/account.ts";
import { hashText } from "../state/draw-random.ts";
import { createSid } from "../state/message.ts";
import type { Simulator } from "../state/simulator.ts";
import type { accountSpec, numberSpec, serviceSpec } from "./control-schemas.ts";

/** Adds or updates numbers; settings not named stay. */
export function registerNumbers(account: Account, specs: z.output<typeof numberSpec>[]): void {
  for (const spec of specs) {
    const { phoneNumber, ...settings } = typeof spec === "string" ? { phoneNumber: spec } : spec;
    let number = account.numbers.get(phoneNumber);
    if (number === undefined) {
      number = createPhoneNumber(account, phoneNumber);
      account.numbers.set(phoneNumber, number);
    }
    Object.assign(number, dropUndefined(settings));
  }
}

/** Adds or updates Messaging Services; settings not named stay. */
export function registerServices(account: Account, specs: z.output<typeof serviceSpec>[]): void {
  for (const { sid, campaign, ...settings } of specs) {
    let service = account.services.get(sid);
    if (service === undefined) {
      service = createService(sid, settings.friendlyName ?? "Simulated service");
      account.services.set(sid, service);
    }
    Object.assign(service, dropUndefined(settings));
    if (campaign === undefined) continue;
    service.campaign =
      campaign === null
        ? null
        : {
            ...campaign,
            sid: campaign.sid ?? service.campaign?.sid ?? createSid("QE"),
            createdAt: Date.now(),
          };
  }
}

/** Adds or updates an account. Without a seed of its own it gets one from the simulator's seed and its SID. */
export function registerAccount(sim: Simulator, spec: z.output<typeof accountSpec>): Account {
  let account = sim.accounts.get(spec.accountSid);
  if (account === undefined) {
    account = createAccount(spec.accountSid, spec.authToken, hashText(spec.accountSid, sim.seed));
    sim.accounts.set(spec.accountSid, account);
  }
  account.authToken = spec.authToken;
  account.friendlyName = spec.friendlyName ?? account.friendlyName;
  account.status = spec.status ?? account.status;
  account.balance = spec.balance ?? account.balance;
  account.seed = spec.seed ?? account.seed;
  for (const [sid, secret] of Object.entries(spec.apiKeys ?? {})) account.apiKeys.set(sid, secret);
  if (spec.behaviour !== undefined) patchBehaviour(account, spec.behaviour);
  registerServices(account, spec.services ?? []);
  registerNumbers(account, spec.numbers ?? []);
  return account;
}

function dropUndefined(settings: object): object {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}
