// Which methods a path has: to tell 405 from 404, and for the header Allow.
import type { Route } from "./declared-route.ts";

/** @param path below the area, such as /123/start @returns methods of the routes with this path, empty if there is none */
export function methodsOf(routes: readonly Route[], path: string): string[] {
  const plain = path.replace(/(?<!\/)\/+$/, "") || "/";
  const methods = routes
    .filter((route) => pattern(route.path).test(plain))
    .map((route) => route.method as string);
  return [...new Set(methods)].sort();
}

function pattern(path: string): RegExp {
  const source = path.replace(/[.\-/]/g, "\\$&").replace(/\{\w+\}/g, "[^/]+");
  return new RegExp(`^${source}$`);
}
