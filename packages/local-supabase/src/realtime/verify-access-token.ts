/** Checks a user's JWT as Realtime does: HS256 with the project's secret, `role` and `exp` required. */
import { errors, jwtVerify } from "jose";
import { RealtimeError } from "./realtime-error.ts";
import type { Claims } from "./realtime-types.ts";

/**
 * Takes a JWT and the project's secret; returns its claims. Throws a RealtimeError in hosted Realtime's words:
 * MalformedJWT, JwtSignatureError or InvalidJWTToken (expired, or without `role` or `exp`).
 */
export async function verifyAccessToken(token: string, jwtSecret: string): Promise<Claims> {
  const claims = await readClaims(token, jwtSecret);
  if (typeof claims.role !== "string" || typeof claims.exp !== "number") {
    throw new RealtimeError("InvalidJWTToken", "Fields `role` and `exp` are required in JWT");
  }
  return claims as Claims;
}

async function readClaims(token: string, jwtSecret: string): Promise<Record<string, unknown>> {
  try {
    // A fixed algorithm: a token must not choose how it is checked by naming "none" or an asymmetric one.
    const { payload } = await jwtVerify(token, new TextEncoder().encode(jwtSecret), {
      algorithms: ["HS256"],
    });
    return payload;
  } catch (error) {
    if (error instanceof errors.JWTExpired) {
      const seconds = Math.floor(Date.now() / 1000) - Number(error.payload.exp);
      throw new RealtimeError("InvalidJWTToken", `Token has expired ${seconds} seconds ago`);
    }
    if (error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JOSEAlgNotAllowed) {
      throw new RealtimeError("JwtSignatureError", "Failed to validate JWT signature");
    }
    throw new RealtimeError("MalformedJWT", "The token provided is not a valid JWT");
  }
}
