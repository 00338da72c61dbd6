// The route table of campaigns.
import { routes as blueprints } from "./blueprints/routes.ts";
import { routes as campaign } from "./campaign/routes.ts";
import { routes as preflight } from "./preflight/routes.ts";
import { routes as rotation } from "./rotation/routes.ts";
import { routes as tests } from "./tests/routes.ts";

/** Paths with a fixed word come before those with an id in its place. */
export const routes = [...blueprints, ...tests, ...rotation, ...campaign, ...preflight];
