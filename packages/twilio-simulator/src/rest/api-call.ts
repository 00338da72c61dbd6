// The input and output of a handler of Twilio's API.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Account } from "../state/account.ts";
import type { Simulator } from "../state/simulator.ts";

export interface ApiCall {
  sim: Simulator;
  account: Account;
  req: IncomingMessage;
  res: ServerResponse;
  method: string;
  /** Without the query, e.g. /2010-04-01/Accounts/AC…/Messages.json */
  path: string;
  query: URLSearchParams;
  form: URLSearchParams;
  /** When the request arrived: wall clock and monotonic ms. */
  receivedAt: number;
  receivedMono: number;
}

export interface ApiAnswer {
  status: number;
  /** Sent as JSON; left out for 204. */
  body?: unknown;
  headers?: Record<string, string>;
  /** Not sent: the connection is closed after so many real milliseconds. */
  heldForMs?: number;
}
