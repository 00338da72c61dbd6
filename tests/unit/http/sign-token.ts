// Tokens for tests of sign-in: signed as Supabase signs them, with the faults that a test wants.
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";

export const PROJECT_URL = "http://127.0.0.1:56490";
export const JWT_SECRET = "a-shared-secret-of-at-least-32-characters";
export const USER_ID = "0b9f5a36-6f0f-4bb6-8d4a-5d3b1d1c9a01";

const now = () => Math.floor(Date.now() / 1000);

/** The claims of a signed-in user; a claim given as undefined is left out. */
export function userClaims(changes: JWTPayload = {}): JWTPayload {
  const claims = {
    sub: USER_ID,
    aud: "authenticated",
    role: "authenticated",
    iss: `${PROJECT_URL}/auth/v1`,
    iat: now(),
    exp: now() + 3600,
    email: "ana@example.com",
    ...changes,
  };
  return JSON.parse(JSON.stringify(claims));
}

/** An HS256 token, as the legacy secret signs it. */
export function signShared(
  claims: JWTPayload,
  secret: string | Uint8Array = JWT_SECRET,
  kid?: string,
): Promise<string> {
  const key = typeof secret === "string" ? new TextEncoder().encode(secret) : secret;
  return new SignJWT(claims).setProtectedHeader({ alg: "HS256", typ: "JWT", ...(kid && { kid }) }).sign(key);
}

/** A signing key of a project, its public half as a JWK, and tokens signed with it. */
export async function createSigningKey(kid: string, alg: "ES256" | "RS256" = "ES256") {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const publicJwk = { ...(await exportJWK(publicKey)), kid, alg, use: "sig" };
  const sign = (claims: JWTPayload, header: { kid?: string } = { kid }) =>
    new SignJWT(claims).setProtectedHeader({ alg, typ: "JWT", ...header }).sign(privateKey);
  return { publicJwk, publicKey, sign };
}

/** An unsigned token. */
export function unsignedToken(claims: JWTPayload, alg: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg, typ: "JWT" })}.${part(claims)}.`;
}
