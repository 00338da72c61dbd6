// The route table of templates.
import { routes as exchange } from "./exchange/routes.ts";
import { routes as performance } from "./performance/routes.ts";
import { routes as template } from "./template/routes.ts";
import { routes as testSends } from "./test-sends/routes.ts";

/** Paths with a fixed word come before those with an id in its place. */
export const routes = [...exchange, ...testSends, ...performance, ...template];
