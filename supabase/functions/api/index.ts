// Serves the door of the existing dashboard: the areas' routes below /api/v1, in the shapes that it knows.
import { readEnvironment } from "../_shared/environment/environment.ts";
import type { Route } from "../_shared/http/declared-route.ts";
import { serveRoutes } from "../_shared/http/serve-routes.ts";
import type { Section } from "./door/section.ts";
import { dashboardError, writeError } from "./door/write-error.ts";
import { overviewRoutes } from "./overview/routes.ts";
import { SECTIONS } from "./sections.ts";

const AREA = "api";
const BASE = "/api/v1";
const DESCRIPTION =
  "Everything below one address, in the shapes that the existing dashboard reads. Errors have a numeric `code`, a stable `name` and the message as `detail`.";

const env = readEnvironment();
const overview: Section = { routes: overviewRoutes };
type Serve = (request: Request) => Promise<Response>;
const served = new Map<string, Promise<Serve>>();

/** Every route of the door, with its path below /api. */
async function loadRoutes(): Promise<Route[]> {
  const sections = await Promise.all(Object.values(SECTIONS).map((load) => load()));
  return [overview, ...sections].flatMap(({ routes }) =>
    routes.map((route) => ({ ...route, path: `/v1${route.path === "/" ? "" : route.path}` })),
  );
}

async function load(name: string): Promise<Serve> {
  const { routes, verifyTwilio, badIdStatus } = (await SECTIONS[name]?.()) ?? overview;
  return serveRoutes({
    area: AREA,
    base: BASE,
    routes,
    verifyTwilio,
    env,
    writeError: (error, requestId) => writeError(error, requestId, badIdStatus),
  });
}

async function fetch(request: Request): Promise<Response> {
  const word = new URL(request.url).pathname.slice(BASE.length).split("/")[1] ?? "";
  const name = Object.hasOwn(SECTIONS, word) ? word : "";
  let serving = served.get(name);
  if (!serving) {
    serving = load(name);
    served.set(name, serving);
    // A section that could not be loaded is tried again.
    serving.catch(() => served.delete(name));
  }
  return (await serving)(request);
}

/** /v1/leads/{id} stands under leads. */
const tagOf = ({ path }: Route): string => path.split("/")[2] || AREA;

export default { area: AREA, description: DESCRIPTION, errors: dashboardError, tagOf, loadRoutes, fetch };
