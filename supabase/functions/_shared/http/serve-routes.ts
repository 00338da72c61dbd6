// Serves a route table below a base path: all routes have the same request ids, CORS, headers, log and onError.
import { Hono } from "hono";
import type { Environment } from "../environment/environment.ts";
import { AppError } from "./app-error.ts";
import type { MachineContext } from "./context.ts";
import { allowOrigin } from "./cors.ts";
import type { Route } from "./declared-route.ts";
import { describeCause } from "./describe-cause.ts";
import { discardBody } from "./discard-body.ts";
import { createLog } from "./log.ts";
import { methodsOf } from "./match-path.ts";
import { respondError } from "./respond.ts";
import { runRoute, type Trace, type VerifyTwilio } from "./run-route.ts";
import { setSecurityHeaders } from "./security-headers.ts";
import { toAppError } from "./to-app-error.ts";
import { waitUntil } from "./wait-until.ts";

export interface ServedRoutes {
  /** The function's name, for its log. */
  area: string;
  /** What stands before every path of the table: "/leads". */
  base: string;
  routes: readonly Route[];
  /** Needed if there are routes for Twilio. */
  verifyTwilio: VerifyTwilio | undefined;
  env: Environment;
  /** Writes errors in another form than that of the API. */
  writeError?: (error: AppError, requestId: string) => Response;
}

/** @returns what answers the requests. @throws Error on a route table that contradicts itself */
export function serveRoutes(options: ServedRoutes): (request: Request) => Promise<Response> {
  const { area, base, verifyTwilio, env, writeError = respondError } = options;
  const routes = [...options.routes].sort(staticFirst);
  checkTable(area, routes, verifyTwilio);

  const app = new Hono<{ Bindings: { ctx: MachineContext; trace: Trace } }>({ strict: false });
  for (const declared of routes) {
    const path = `${base}${declared.path}`.replace(/\{(\w+)\}/g, ":$1").replace(/(?<=.)\/$/, "");
    app.on(declared.method, path, (c) =>
      runRoute({ route: declared, params: c.req.param(), verifyTwilio, ...c.env }).catch((thrown) => {
        // Hono passes on only instances of Error, and errors of supabase-js are plain objects.
        throw toAppError(thrown);
      }),
    );
  }
  app.notFound((c) => {
    const allowed = c.req.path.startsWith(base) ? methodsOf(routes, c.req.path.slice(base.length)) : [];
    const error = allowed.length
      ? new AppError(
          "method_not_allowed",
          `${c.req.method} is not offered here. Use ${allowed.join(" or ")}.`,
          { allowed },
        )
      : new AppError("not_found", "There is no such address in this API.");
    const response = writeError(error, c.env.ctx.requestId);
    if (allowed.length) response.headers.set("allow", allowed.join(", "));
    return response;
  });
  app.onError((thrown, c) => {
    const error = toAppError(thrown);
    if (error.status >= 500) c.env.ctx.log.error(error.code, { cause: describeCause(error.cause ?? error) });
    return writeError(error, c.env.ctx.requestId);
  });

  return async (request) => {
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
    log.info(`${request.method} ${base}${address} ${response.status}`, {
      ms: Math.round(performance.now() - started),
      user: trace.user,
      org: trace.org,
    });
    return response;
  };
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
