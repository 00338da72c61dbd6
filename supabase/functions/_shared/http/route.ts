// Declares one route of an area: method, path, permission, schemas, answer and use case in one place.
import type { Permission, RequestSchemas, Route, RouteDeclaration } from "./declared-route.ts";
import type { Answer } from "./responses.ts";

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
