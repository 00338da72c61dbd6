// Handles one request to one route: permit, parse, run, answer.
import { AppError } from "./app-error.ts";
import { authenticate } from "./authenticate.ts";
import { isSameSecret } from "./check-secret.ts";
import type { MachineContext, UserContext } from "./context.ts";
import { DEFAULT_MAX_BODY_BYTES, type Route } from "./declared-route.ts";
import { parseInput } from "./parse-input.ts";
import { readForm } from "./read-body.ts";
import { respond } from "./respond.ts";
import { hasRank, isRole } from "./roles.ts";

/**
 * Checks that Twilio signed the request.
 * @param form every field of the body, unchanged: the signature covers them all
 * @throws AppError signature_invalid
 */
export type VerifyTwilio = (ctx: MachineContext, form: URLSearchParams) => Promise<void>;

/** What is learned about a request on its way, for its line of log. */
export interface Trace {
  route?: string;
  user?: string;
  org?: string;
}

export interface RouteRun {
  route: Route;
  ctx: MachineContext;
  /** The path's parameters, decoded. */
  params: Record<string, string>;
  trace: Trace;
  verifyTwilio: VerifyTwilio | undefined;
}

/** Checks the permission first: nothing is read for a caller who may not call. @throws what toAppError turns into an answer */
export async function runRoute(run: RouteRun): Promise<Response> {
  run.trace.route = run.route.path;
  const { permitted, form } = await permit(run);
  const input = await parseInput(run.route, run.ctx.request, run.params, form);
  return respond(run.route.response, await run.route.run(permitted, input));
}

interface Permit {
  permitted: MachineContext | UserContext;
  /** The body, if it had to be read to verify the caller. */
  form?: URLSearchParams;
}

async function permit({ route, ctx, trace, verifyTwilio }: RouteRun): Promise<Permit> {
  const { permission, maxBodyBytes = DEFAULT_MAX_BODY_BYTES } = route;
  if (isRole(permission)) {
    const { user, db } = await authenticate(ctx.request, ctx.env);
    trace.user = user.id;
    trace.org = user.orgId;
    if (!hasRank(user.role, permission)) {
      throw new AppError("forbidden", `This needs the role ${permission}; yours is ${user.role}.`, {
        required_role: permission,
        role: user.role,
      });
    }
    return { permitted: { ...ctx, user, db } };
  }
  if (permission === "worker_secret") await checkWorkerSecret(ctx);
  if (permission === "twilio_signature") {
    const form = await readForm(ctx.request, maxBodyBytes);
    await verifyTwilio?.(ctx, form);
    return { permitted: ctx, form };
  }
  return { permitted: ctx };
}

async function checkWorkerSecret({ request, env }: MachineContext): Promise<void> {
  const expected = env.require("WORKER_SECRET");
  if (await isSameSecret(request.headers.get("x-worker-secret") ?? "", expected)) return;
  throw new AppError(
    "worker_secret_invalid",
    "This is for the platform's own scheduler, which sends x-worker-secret. A user's token is no use here.",
  );
}
