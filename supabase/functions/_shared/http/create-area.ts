// The app of one area: its routes, /health and /openapi.json, all with the same request ids, CORS, headers, log and onError.
import { Hono } from "hono";
import { type Environment, readEnvironment } from "../environment/environment.ts";
import { AppError } from "./app-error.ts";
import type { MachineContext } from "./context.ts";
import { allowOrigin } from "./cors.ts";
import { describeCause } from "./describe-cause.ts";
import { discardBody } from "./discard-body.ts";
import { createHealthCheck, healthSchema, type ProbeConnection } from "./health.ts";
import { createLog } from "./log.ts";
import { methodsOf } from "./match-path.ts";
import { respondError } from "./respond.ts";
import { object, raw } from "./responses.ts";
import { type Route, route } from "./route.ts";
import { runRoute, type Trace, type VerifyTwilio } from "./run-route.ts";
import { setSecurityHeaders } from "./security-headers.ts";
import { toAppError } from "./to-app-error.ts";
import { waitUntil } from "./wait-until.ts";

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
  const routes = [...options.routes, ...ownRoutes(() => served, options.probeConnection)].sort(staticFirst);
  const served: Area = { area, description, routes, fetch };
  checkTable(area, routes, verifyTwilio);

  const app = new Hono<{ Bindings: { ctx: MachineContext; trace: Trace } }>({ strict: false });
  for (const declared of routes) {
    const path = `/${area}${declared.path}`.replace(/\{(\w+)\}/g, ":$1").replace(/(?<=.)\/$/, "");
    app.on(declared.method, path, (c) =>
      runRoute({ route: declared, params: c.req.param(), verifyTwilio, ...c.env }).catch((thrown) => {
        // Hono passes on only instances of Error, and errors of supabase-js are plain objects.
        throw toAppError(thrown);
      }),
    );
  }
  app.notFound((c) => {
    const allowed = methodsOf(routes, c.req.path.slice(area.length + 1));
    const error = allowed.length
      ? new AppError(
          "method_not_allowed",
          `${c.req.method} is not offered here. Use ${allowed.join(" or ")}.`,
          { allowed },
        )
      : new AppError("not_found", "There is no such address in this API.");
    const response = respondError(error, c.env.ctx.requestId);
    if (allowed.length) response.headers.set("allow", allowed.join(", "));
    return response;
  });
  app.onError((thrown, c) => {
    const error = toAppError(thrown);
    if (error.status >= 500) c.env.ctx.log.error(error.code, { cause: describeCause(error.cause ?? error) });
    return respondError(error, c.env.ctx.requestId);
  });

  async function fetch(request: Request): Promise<Response> {
    const started = performance.now();
    const requestId = requestIdOf(request);
    const log = createLog({ area, request_id: requestId });
    const ctx: MachineContext = { requestId, log, env, request, waitUntil: (work) => waitUntil(work, log) };
    const trace: Trace = {};
    const response =
      request.method === "OPTIONS"
        ? new Response(null, { status: 204 })
        : await app.fetch(request, { ctx, trace });
    if (response.status >= 400 || !request.bodyUsed) await discardBody(request);
    const { headers } = response;
    headers.set("x-request-id", requestId);
    setSecurityHeaders(headers);
    allowOrigin(request, headers, env);
    // The log has the declared path, never the requested one: paths and queries may hold phone numbers.
    const address = trace.route === "/" ? "" : (trace.route ?? " (no route)");
    log.info(`${request.method} /${area}${address} ${response.status}`, {
      ms: Math.round(performance.now() - started),
      user: trace.user,
      org: trace.org,
    });
    return response;
  }
  return served;
}

/** What every area answers besides its own routes. */
function ownRoutes(served: () => Area, probeConnection: ProbeConnection | undefined): Route[] {
  const checkHealth = createHealthCheck(probeConnection);
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
      // Loaded only when it is asked for: otherwise the code that generates documents would slow every cold start.
      run: async () => Response.json((await import("./openapi-document.ts")).openApiDocument(served())),
    }),
  ];
}

function checkTable(area: string, routes: readonly Route[], verifyTwilio: VerifyTwilio | undefined): void {
  const seen = new Set<string>();
  for (const { method, path, permission } of routes) {
    const shape = `${method} ${path.replace(/\{\w+\}/g, "{}")}`;
    if (seen.has(shape)) throw new Error(`Area ${area} declares ${method} ${path} twice.`);
    seen.add(shape);
    if (permission === "twilio_signature" && !verifyTwilio) {
      throw new Error(`Area ${area} has routes for Twilio but was given no verifyTwilio.`);
    }
  }
}

/** Sorts /import/preview before /{id}/preview: the first route that matches wins. */
function staticFirst(a: Route, b: Route): number {
  const weight = (path: string) => path.replace(/\{\w+\}/g, "~");
  return weight(a.path) < weight(b.path) ? -1 : 1;
}

function requestIdOf(request: Request): string {
  const given = request.headers.get("x-request-id");
  return given !== null && /^[\w.-]{8,64}$/.test(given) ? given : crypto.randomUUID();
}
