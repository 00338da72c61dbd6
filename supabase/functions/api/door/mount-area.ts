// Puts an area's own routes below /api/v1, and those of the door in place of the ones whose shapes the dashboard does not know.
import type { z } from "zod";
import type { Method, Route } from "../../_shared/http/declared-route.ts";
import { MAX_LIMIT, pageFields } from "../../_shared/http/pagination.ts";

/** How a route is named in a table: "GET /{id}". */
export type RouteName = `${Method} /${string}`;

/**
 * Every PATCH is also a PUT, because the dashboard sends either.
 * @param own the door's routes, relative to /api/v1; each replaces the area's route of the same method and path
 * @returns routes relative to /api/v1
 */
export function mountArea(area: string, routes: readonly Route[], own: readonly Route[] = []): Route[] {
  const shape = ({ method, path }: Route) => `${method} ${path.replace(/\{\w+\}/g, "{}")}`;
  const replaced = new Set(own.flatMap(withPut).map(shape));
  const mounted = routes
    .map((route) => ({
      ...route,
      path: `/${area}${route.path === "/" ? "" : route.path}`,
      isMounted: true,
    }))
    .flatMap(withPut)
    .filter((route) => !replaced.has(shape(route)));
  return [...mounted, ...own.flatMap(withPut)];
}

function withPut(route: Route): Route[] {
  return route.method === "PATCH" ? [route, { ...route, method: "PUT" }] : [route];
}

/** The schema of a list's query. @throws Error if the route has none, when the door is loaded */
export function queryOf(route: Route): z.ZodObject {
  if (!route.request?.query) throw new Error(`${route.method} ${route.path} takes no query.`);
  return route.request.query;
}

/** The page size of lists that the dashboard reads whole: it asks for no page, and shows no more than it gets. */
export const wholeList = pageFields.limit.unwrap().default(MAX_LIMIT);

/** A route of an area's table. @throws Error if the area has none of this name, when the door is loaded */
export function routeOf(routes: readonly Route[], name: RouteName): Route {
  const found = routes.find(({ method, path }) => `${method} ${path}` === name);
  if (!found) throw new Error(`The area has no route ${name}.`);
  return found;
}
