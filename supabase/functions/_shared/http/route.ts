// One route of an area: method, path, permission, schemas, answer and use case, declared in one place.
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
  /** The use case. createArea's onError answers what it throws. */
  run(ctx: ContextOf<P>, input: InputOf<R>): Promise<ResultOf<A>> | ResultOf<A>;
}

/** A route whose types were checked and are then erased, so that routes fit into one array. */
// biome-ignore lint/suspicious/noExplicitAny: the declaration was checked by route(); the table only runs it.
export type Route = RouteDeclaration<any, any, any>;

export const DEFAULT_MAX_BODY_BYTES = 1_048_576;

/** Declares a route. Types flow from its schemas to the use case's input and result. @throws Error on a bad declaration */
export function route<
  P extends Permission,
  A extends Answer,
  R extends RequestSchemas = Record<never, never>,
>(declaration: RouteDeclaration<P, R, A>): Route {
  const { method, path, request = {} as R } = declaration;
  const complain = (what: string) => new Error(`Route ${method} ${path}: ${what}`);
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
  const inSchema = Object.keys(request.params?.shape ?? {});
  if (!/^\/(?:[\w.-]+|\{\w+\})?(?:\/(?:[\w.-]+|\{\w+\}))*$/.test(path))
    throw complain("the path must look like /a/{b}");
  if ([...inPath].sort().join() !== inSchema.sort().join())
    throw complain("params must name the path's parameters");
  if (request.body && request.form) throw complain("has two bodies");
  return declaration as Route;
}
