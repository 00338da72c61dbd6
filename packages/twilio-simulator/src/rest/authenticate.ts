// HTTP Basic: account SID and auth token, or an API key of the account.
import { timingSafeEqual } from "node:crypto";
import type { Account } from "../state/account.ts";
import type { Simulator } from "../state/simulator.ts";

function isSame(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

// the header of a busy client is the same every time: decoding it once saves a tenth of a request
let lastHeader = "";
let lastPair: [string, string] = ["", ""];

function readPair(header: string): [string, string] {
  if (header === lastHeader) return lastPair;
  const text = Buffer.from(header.slice(6), "base64").toString("utf8");
  const colon = text.indexOf(":");
  lastHeader = header;
  lastPair = colon === -1 ? [text, ""] : [text.slice(0, colon), text.slice(colon + 1)];
  return lastPair;
}

/** The account that the credentials belong to, or null: unknown, wrong token, or suspended. */
export function authenticate(sim: Simulator, header: string | undefined): Account | null {
  if (header === undefined || !/^basic /i.test(header)) return null;
  const [user, secret] = readPair(header);
  const own = sim.accounts.get(user);
  if (own !== undefined) return own.status === "active" && isSame(own.authToken, secret) ? own : null;
  for (const account of sim.accounts.values()) {
    const key = account.apiKeys.get(user);
    if (key !== undefined) return account.status === "active" && isSame(key, secret) ? account : null;
  }
  return null;
}
