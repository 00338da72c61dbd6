// One request through one route: permit, parse, run, answer.
import { AppError } from "./app-error.ts";
import { authenticate } from "./authenticate.ts";
import { isSameSecret } from "./check-secret.ts";
import type { MachineContext, UserContext } from "./context.ts";
import { parseInput } from "./parse-input.ts";
import { respond } from "./respond.ts";
import { hasRank, isRole } from "./roles.ts";
import type { Route } from "./route.ts";

/** Checks that a request was signed by Twilio. @throws AppError signature_invalid */
export type VerifyTwilio = (ctx: MachineContext) => Promise<void>;

/**
 * Permission comes first: nothing of a request is read for somebody who may not make it.
 * @param params the path's parameters, decoded
 * @returns the answer; @throws what onError turns into one
 */
export async function runRoute(
  route: Route,
  ctx: MachineContext,
  params: Record<string, string>,
  verifyTwilio: VerifyTwilio | undefined,
): Promise<Response> {
  const permitted = await permit(route, ctx, verifyTwilio);
  const input = await parseInput(route, ctx.request, params);
  return respond(route.response, await route.run(permitted, input));
}

async function permit(
  { permission }: Route,
  ctx: MachineContext,
  verifyTwilio: VerifyTwilio | undefined,
): Promise<MachineContext | UserContext> {
  if (isRole(permission)) {
    const { user, db } = await authenticate(ctx.request, ctx.env);
    if (!hasRank(user.role, permission)) {
      throw new AppError("forbidden", `This needs the role ${permission}; yours is ${user.role}.`, {
        required_role: permission,
        role: user.role,
      });
    }
    return { ...ctx, user, db };
  }
  if (permission === "worker_secret") await checkWorkerSecret(ctx);
  if (permission === "twilio_signature") await verifyTwilio?.(ctx);
  return ctx;
}

async function checkWorkerSecret({ request, env }: MachineContext): Promise<void> {
  const given = request.headers.get("x-worker-secret");
  const message =
    "This is for the platform's own scheduler, which sends x-worker-secret. A user's token is no use here.";
  if (given === null) throw new AppError("worker_secret_invalid", message);
  if (!(await isSameSecret(given, env.require("WORKER_SECRET"))))
    throw new AppError("worker_secret_invalid", message);
}
