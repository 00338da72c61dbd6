// Finds out who the caller is. The first way of signing in whose header is present decides: if it is bad, no other one is tried.
import { createUserClient, type UserClient } from "../db/user-client.ts";
import type { Environment } from "../environment/environment.ts";
import { AppError } from "./app-error.ts";
import type { User } from "./context.ts";
import { loadUser } from "./load-user.ts";
import { verifyToken } from "./verify-token.ts";

export interface Principal {
  user: User;
  db: UserClient;
}

interface WayIn {
  header: string;
  resolve(value: string, env: Environment): Promise<Principal>;
}

const WAYS_IN: readonly WayIn[] = [
  { header: "x-api-key", resolve: refuseApiKey },
  { header: "authorization", resolve: resolveSession },
];

/** @throws AppError 401 with the reason, 403 no_organization for a person without one */
export async function authenticate(request: Request, env: Environment): Promise<Principal> {
  for (const { header, resolve } of WAYS_IN) {
    const value = request.headers.get(header)?.trim();
    if (value) return await resolve(value, env);
  }
  throw missingToken("Send the session's access token as Authorization: Bearer <token>.");
}

async function refuseApiKey(): Promise<Principal> {
  throw new AppError(
    "api_keys_not_enabled",
    "API keys are not enabled here. Sign in and send the session's access token as Authorization: Bearer <token>.",
  );
}

async function resolveSession(authorization: string, env: Environment): Promise<Principal> {
  const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  if (token === undefined) throw missingToken("Authorization must look like: Bearer <token>.");
  // supabase-js sends the project's key if nobody is signed in.
  if (token.startsWith("sb_")) throw missingToken("A project key is not a person: sign in first.");
  const { userId } = await verifyToken(token, env);
  const db = createUserClient(env, token);
  return { db, user: await loadUser(db, userId) };
}

function missingToken(remedy: string): AppError {
  return new AppError("missing_token", `This needs a signed-in user. ${remedy}`);
}
