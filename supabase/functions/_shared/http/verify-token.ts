// Checks a user's access token: signature, expiry, audience, issuer. The algorithm decides which key may verify it.
import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from "jose";
import type { Environment } from "../environment/environment.ts";
import { AppError } from "./app-error.ts";
import { signingKeys } from "./signing-keys.ts";

/** The algorithms of Supabase besides the shared secret. A public key is never used as an HS256 secret. */
const ASYMMETRIC = ["ES256", "RS256", "EdDSA"];
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const CHECKS = { audience: "authenticated", requiredClaims: ["sub", "exp"], clockTolerance: 5 };

/**
 * Projects sign with an asymmetric key (found in the JWKS by `kid`) or with their legacy HS256 secret (JWT_SECRET). No key
 * is tried after another one failed: a bad token is refused, never read in another way.
 * @returns the id of the user it was issued to
 * @throws AppError token_expired, token_invalid, or auth_unavailable if the keys can't be fetched
 */
export async function verifyToken(token: string, env: Environment): Promise<{ userId: string }> {
  const payload = await verifySignature(token, env).catch((error) => {
    throw translate(error);
  });
  // GoTrue always names its issuer; small auth servers that sign with the project's own secret may not.
  const issuers = [env.get("JWT_ISSUER"), `${env.supabaseUrl}/auth/v1`];
  if (payload.iss !== undefined && !issuers.includes(payload.iss)) throw refuse("another project issued it");
  if (payload.role !== "authenticated") throw refuse("it is not a signed-in user's");
  if (payload.sub === undefined || !UUID.test(payload.sub)) throw refuse("it names no user");
  return { userId: payload.sub };
}

async function verifySignature(token: string, env: Environment): Promise<JWTPayload> {
  const { alg, kid } = readHeader(token);
  if (alg === "HS256") {
    const secret = env.get("JWT_SECRET");
    if (secret === undefined) throw refuse("this project accepts no token signed with a shared secret");
    const key = new TextEncoder().encode(secret);
    return (await jwtVerify(token, key, { ...CHECKS, algorithms: ["HS256"] })).payload;
  }
  if (alg === undefined || !ASYMMETRIC.includes(alg)) throw refuse("its signing algorithm is not accepted");
  if (kid === undefined) throw refuse("its header names no key (kid)");
  const requiredClaims = [...CHECKS.requiredClaims, "iss"];
  return (await jwtVerify(token, signingKeys(env), { ...CHECKS, requiredClaims, algorithms: ASYMMETRIC }))
    .payload;
}

function readHeader(token: string) {
  try {
    return decodeProtectedHeader(token);
  } catch {
    throw refuse("it is no JWT");
  }
}

function translate(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) {
    return new AppError("token_expired", "The session's token has expired: refresh it and retry.");
  }
  if (error instanceof errors.JWTClaimValidationFailed)
    return refuse(`its claim ${error.claim} is not right`);
  if (error instanceof errors.JOSEError) return refuse("its signature could not be verified");
  return error;
}

function refuse(reason: string): AppError {
  return new AppError("token_invalid", `The token was not accepted: ${reason}. Sign in again.`);
}
