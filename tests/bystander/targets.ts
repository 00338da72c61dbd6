// What a stranger can call, and how a call of it is made.
import type { Random } from "../../scripts/demo/random.ts";
import type { Side } from "../access/fill-org.ts";
import type { TestStack } from "../fixtures/test-stack.ts";
import type { Sent } from "./send.ts";
import type { Loot } from "./values.ts";

export type Kind = "function" | "table" | "route" | "storage";

/** Somebody who calls. */
export interface Caller {
  name: string;
  /** Headers that identify the caller to REST and functions. */
  headers: Record<string, string>;
}

export interface CallContext {
  stack: TestStack;
  random: Random;
  caller: Caller;
  /** The stranger's own organisation, with a row in every table. */
  own: Side;
  loot: Loot;
}

export interface Call extends Sent {
  /** What is odd about it. */
  label: string;
  /** The same call by supabase-js, if that is possible. */
  rpc?: { name: string; args: object };
}

export interface Target {
  kind: Kind;
  name: string;
  /** Which callers get furthest, by name; the others are refused early. */
  ablest: readonly string[];
  prepare(context: CallContext): Promise<Call> | Call;
}
