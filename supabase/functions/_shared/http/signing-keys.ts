// The project's public signing keys: given inline (SUPABASE_JWKS) or fetched from the project's auth service.
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
} from "jose";
import type { Environment } from "../environment/environment.ts";
import { AppError } from "./app-error.ts";

/** Key sets by source. jose keeps what it fetched for 10 min and asks at most once in 30 s for an unknown key. */
const keySets = new Map<string, JWTVerifyGetKey>();

/** @returns a function that finds a key by a token's `kid`. It throws AppError auth_unavailable if the keys can't be fetched */
export function signingKeys(env: Environment): JWTVerifyGetKey {
  const inline = env.get("SUPABASE_JWKS");
  const keys = inline === undefined ? [] : parseKeys(inline);
  const source = keys.length > 0 ? (inline as string) : `${env.supabaseUrl}/auth/v1/.well-known/jwks.json`;
  let keySet = keySets.get(source);
  if (keySet === undefined) {
    keySet = keys.length > 0 ? createLocalJWKSet({ keys }) : fetchedKeys(new URL(source));
    keySets.set(source, keySet);
  }
  return keySet;
}

function fetchedKeys(url: URL): JWTVerifyGetKey {
  const remote = createRemoteJWKSet(url, { timeoutDuration: 3000 });
  return async (header, token) => {
    try {
      return await remote(header, token);
    } catch (error) {
      const answered =
        error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys;
      if (answered) throw error;
      const details = { retry_after: 2 };
      throw new AppError("auth_unavailable", "Tokens can't be checked just now: retry.", details, {
        cause: error,
      });
    }
  };
}

/** Either {"keys": [...]} or the bare array. */
function parseKeys(json: string): JSONWebKeySet["keys"] {
  try {
    const parsed = JSON.parse(json);
    return Array.isArray(parsed) ? parsed : (parsed.keys ?? []);
  } catch {
    throw new Error(
      'The environment variable SUPABASE_JWKS is not JSON: it should look like {"keys": [...]}.',
    );
  }
}
