// What a declared route is: method, path, permission, schemas, answer and use case. route.ts makes them.
import type { z } from "zod";
import type { MachineContext, UserContext } from "./context.ts";
import type { Answer, ResultOf } from "./responses.ts";
import type { Role } from "./roles.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Who may call: a role (the lowest that may), anybody ("open"), or one of the two machines that call us. */
export type Permission = Role | "open" | "worker_secret" | "twilio_signature";

/** What a request carries. At most one of body (JSON) and form. */
export interface RequestSchemas {
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodType;
  form?: z.ZodObject;
}

export type InputOf<R extends RequestSchemas> = {
  [K in keyof R]: R[K] extends z.ZodType ? z.output<R[K]> : undefined;
};
export type ContextOf<P extends Permission> = P extends Role ? UserContext : MachineContext;

export interface RouteDeclaration<P extends Permission, R extends RequestSchemas, A extends Answer> {
  method: Method;
  /** Relative to the area: "/" or "/{id}/start". */
  path: string;
  summary: string;
  description?: string;
  permission: P;
  request?: R;
  response: A;
  /** In bytes. 1 MiB unless said otherwise. */
  maxBodyBytes?: number;
  /** It is another function's route, served here as well. */
  isMounted?: boolean;
  /** The use case. createArea's onError answers what it throws. */
  run(ctx: ContextOf<P>, input: InputOf<R>): Promise<ResultOf<A>> | ResultOf<A>;
}

/** A route whose types were checked and are then erased, so that routes fit into one array. */
// biome-ignore lint/suspicious/noExplicitAny: the declaration was checked by route(); the table only runs it.
export type Route = RouteDeclaration<any, any, any>;

export const DEFAULT_MAX_BODY_BYTES = 1_048_576;
