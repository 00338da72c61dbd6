// What a use case gets besides its input: the caller, the database with the caller's rights, and the log.
import type { UserClient } from "../db/user-client.ts";
import type { Environment } from "../environment/environment.ts";
import type { Log } from "./log.ts";
import type { Role } from "./roles.ts";

/** The context of routes that users don't call: open ones, the worker's and Twilio's. */
export interface MachineContext {
  requestId: string;
  log: Log;
  env: Environment;
  /** The request itself, its body unread unless the route declares one. */
  request: Request;
  /** Keeps the isolate alive until the promise settles, after the answer has gone out. */
  waitUntil(promise: Promise<unknown>): void;
}

/** The signed-in person, as the database knows them at this request. */
export interface User {
  id: string;
  orgId: string;
  email: string;
  role: Role;
}

/** The context of routes that users call. */
export interface UserContext extends MachineContext {
  user: User;
  /** supabase-js with the user's rights: row-level security applies. */
  db: UserClient;
  /**
   * The hash of a request that its client may send twice, 64 hexadecimal digits: what creates something answers the second one
   * with what the first created (private.first_result).
   */
  repeatKey?: string;
}
