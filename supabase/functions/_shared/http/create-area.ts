// The app of one area: its routes, /health and /openapi.json.
import { type Environment, readEnvironment } from "../environment/environment.ts";
import type { Route } from "./declared-route.ts";
import { createHealthCheck, healthSchema, type ProbeConnection } from "./health.ts";
import { object, raw } from "./responses.ts";
import { route } from "./route.ts";
import type { VerifyTwilio } from "./run-route.ts";
import { serveRoutes } from "./serve-routes.ts";

export interface AreaOptions {
  /** The area's name: the folder of the function and the first part of every path. */
  area: string;
  /** One sentence for the OpenAPI document. */
  description: string;
  routes: readonly Route[];
  /** Needed by areas with routes for Twilio. */
  verifyTwilio?: VerifyTwilio;
  /** Needed by areas with database connections of their own: /health then shows whether one can be made. */
  probeConnection?: ProbeConnection;
  /** The environment of the process, unless a test gives another. */
  env?: Environment;
}

export interface Area {
  area: string;
  description: string;
  /** The routes served, /health and /openapi.json included. */
  routes: readonly Route[];
  fetch(request: Request): Promise<Response>;
}

/** Builds the area's app. @throws Error on a route table that contradicts itself */
export function createArea(options: AreaOptions): Area {
  const { area, description, verifyTwilio, env = readEnvironment() } = options;
  const routes = [...options.routes, ...ownRoutes(() => served, options.probeConnection)];
  const served: Area = {
    area,
    description,
    routes,
    fetch: serveRoutes({ area, base: `/${area}`, routes, verifyTwilio, env }),
  };
  return served;
}

/** What every area answers besides its own routes. */
function ownRoutes(served: () => Area, probeConnection: ProbeConnection | undefined): Route[] {
  const checkHealth = createHealthCheck(probeConnection);
  let document: string | undefined;
  return [
    route({
      method: "GET",
      path: "/health",
      summary: "Whether the area and its database answer",
      permission: "open",
      response: object(healthSchema(probeConnection !== undefined)),
      run: ({ env }) => checkHealth(env),
    }),
    route({
      method: "GET",
      path: "/openapi.json",
      summary: "The OpenAPI document of the area",
      permission: "open",
      response: raw("application/json", "The OpenAPI document of the area"),
      // Made only when it is asked for, because that code would slow every cold start; and once, because anybody may ask, and
      // making it takes a good part of the CPU time that an isolate has.
      run: async () => {
        const { openApiDocument } = await import("./openapi-document.ts");
        document ??= JSON.stringify(openApiDocument(served()));
        return new Response(document, { headers: { "content-type": "application/json" } });
      },
    }),
  ];
}
