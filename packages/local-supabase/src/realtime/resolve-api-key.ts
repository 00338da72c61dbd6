/** Turns the API key of a connection or request into the claims it stands for. */
import { timingSafeEqual } from "node:crypto";
import type { Claims } from "./realtime-types.ts";
import { verifyAccessToken } from "./verify-access-token.ts";

export interface ApiKeys {
  publishableKey: string;
  secretKey: string;
  jwtSecret: string;
}

/**
 * Takes the key sent (`sb_publishable_…`, `sb_secret_…`, or a legacy key: a JWT with role and exp) and the project's
 * keys; returns its claims, or undefined if the key is missing or not the project's.
 */
export async function resolveApiKey(
  key: string | null | undefined,
  keys: ApiKeys,
): Promise<Claims | undefined> {
  if (!key) return undefined;
  if (equals(key, keys.publishableKey)) return { role: "anon" };
  if (equals(key, keys.secretKey)) return { role: "service_role" };
  return verifyAccessToken(key, keys.jwtSecret).catch(() => undefined);
}

function equals(left: string, right: string): boolean {
  const a = Buffer.from(left);
  const b = Buffer.from(right);
  return a.length === b.length && timingSafeEqual(a, b);
}
