// Which tokens are accepted: real ones of both kinds of key, and which forgeries are refused.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportSPKI } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readEnvironment } from "../../../supabase/functions/_shared/environment/environment.ts";
import { verifyToken } from "../../../supabase/functions/_shared/http/verify-token.ts";
import {
  createSigningKey,
  JWT_SECRET,
  PROJECT_URL,
  signShared,
  USER_ID,
  unsignedToken,
  userClaims,
} from "./sign-token.ts";

const key = await createSigningKey("key-1");
const rsaKey = await createSigningKey("key-2", "RS256");

function environment(variables: Record<string, string | undefined> = {}) {
  const all: Record<string, string | undefined> = {
    SUPABASE_URL: PROJECT_URL,
    SUPABASE_JWKS: JSON.stringify({ keys: [key.publicJwk, rsaKey.publicJwk] }),
    JWT_SECRET,
    ...variables,
  };
  return readEnvironment((name) => all[name]);
}

const verify = (token: string, env = environment()) => verifyToken(token, env);
const code = (code: string) => expect.objectContaining({ name: "AppError", code });

describe("a token that is accepted", () => {
  it("is signed ES256 with a key of the inline JWKS", async () => {
    await expect(verify(await key.sign(userClaims()))).resolves.toEqual({ userId: USER_ID });
  });

  it("is signed RS256 with a key of the inline JWKS, given as a bare array", async () => {
    const env = environment({ SUPABASE_JWKS: JSON.stringify([rsaKey.publicJwk]) });
    await expect(verify(await rsaKey.sign(userClaims()), env)).resolves.toEqual({ userId: USER_ID });
  });

  it("is signed HS256 with the project's secret, with or without a kid", async () => {
    await expect(verify(await signShared(userClaims()))).resolves.toEqual({ userId: USER_ID });
    await expect(verify(await signShared(userClaims(), JWT_SECRET, "legacy"))).resolves.toEqual({
      userId: USER_ID,
    });
  });

  it("names no issuer if the shared secret signed it", async () => {
    await expect(verify(await signShared(userClaims({ iss: undefined })))).resolves.toEqual({
      userId: USER_ID,
    });
  });

  it("names the issuer of JWT_ISSUER, if the project has another address", async () => {
    const issuer = "https://project.example.com/auth/v1";
    const token = await key.sign(userClaims({ iss: issuer }));
    await expect(verify(token, environment({ JWT_ISSUER: issuer }))).resolves.toEqual({ userId: USER_ID });
    await expect(verify(token)).rejects.toEqual(code("token_invalid"));
  });

  it("expired less than the tolerated 5 s ago, because clocks differ", async () => {
    const exp = Math.floor(Date.now() / 1000) - 2;
    await expect(verify(await key.sign(userClaims({ exp })))).resolves.toEqual({ userId: USER_ID });
  });
});

describe("a token that is refused", () => {
  const hourAgo = () => Math.floor(Date.now() / 1000) - 3600;

  it("has expired, whichever key signed it", async () => {
    await expect(verify(await key.sign(userClaims({ exp: hourAgo() })))).rejects.toEqual(
      code("token_expired"),
    );
    await expect(verify(await signShared(userClaims({ exp: hourAgo() })))).rejects.toEqual(
      code("token_expired"),
    );
  });

  it("has expired and is forged: forgery is what counts", async () => {
    const forged = await signShared(
      userClaims({ exp: hourAgo() }),
      "another-secret-of-at-least-32-characters",
    );
    await expect(verify(forged)).rejects.toEqual(code("token_invalid"));
  });

  it.each(["sub", "aud", "role", "exp"])("has no %s", async (claim) => {
    const claims = userClaims({ [claim]: undefined });
    await expect(verify(await key.sign(claims))).rejects.toEqual(code("token_invalid"));
    await expect(verify(await signShared(claims))).rejects.toEqual(code("token_invalid"));
  });

  it.each([
    ["audience", { aud: "anon" }],
    ["role", { role: "service_role" }],
    ["issuer", { iss: "https://attacker.example.com/auth/v1" }],
    ["subject", { sub: "1' or '1'='1" }],
  ])("has another %s", async (_claim, changes) => {
    await expect(verify(await key.sign(userClaims(changes)))).rejects.toEqual(code("token_invalid"));
    await expect(verify(await signShared(userClaims(changes)))).rejects.toEqual(code("token_invalid"));
  });

  it("is signed with a key of a project that names no issuer, while asymmetric tokens must", async () => {
    await expect(verify(await key.sign(userClaims({ iss: undefined })))).rejects.toEqual(
      code("token_invalid"),
    );
  });

  it("is signed by another key that claims the kid of ours", async () => {
    const forger = await createSigningKey("key-1");
    await expect(verify(await forger.sign(userClaims()))).rejects.toEqual(code("token_invalid"));
  });

  it("is signed by a key the project does not know", async () => {
    const stranger = await createSigningKey("key-9");
    await expect(verify(await stranger.sign(userClaims()))).rejects.toEqual(code("token_invalid"));
  });

  it("is asymmetric and names no kid", async () => {
    await expect(verify(await key.sign(userClaims(), {}))).rejects.toEqual(code("token_invalid"));
  });

  it("is signed HS256 with the public key as if it were the secret", async () => {
    const pem = await exportSPKI(key.publicKey);
    for (const secret of [pem, JSON.stringify(key.publicJwk), `${key.publicJwk.x}`]) {
      await expect(verify(await signShared(userClaims(), secret, "key-1"))).rejects.toEqual(
        code("token_invalid"),
      );
    }
  });

  it("is signed HS256 if the project has no shared secret", async () => {
    const env = environment({ JWT_SECRET: undefined });
    await expect(verify(await signShared(userClaims()), env)).rejects.toEqual(code("token_invalid"));
  });

  it("is signed HS256 with an empty secret if the project has none", async () => {
    const token = unsignedToken(userClaims(), "HS256");
    await expect(verify(token, environment({ JWT_SECRET: "" }))).rejects.toEqual(code("token_invalid"));
  });

  it.each(["none", "None", "HS256", "ES256", ""])("is unsigned and says its algorithm is %j", async (alg) => {
    await expect(verify(unsignedToken(userClaims(), alg))).rejects.toEqual(code("token_invalid"));
  });

  it.each(["abc", "a.b.c", "..", "eyJhbGciOiJIUzI1NiJ9"])("is no JWT at all: %s", async (text) => {
    await expect(verify(text)).rejects.toEqual(code("token_invalid"));
  });

  it("was changed after it was signed", async () => {
    const [header, , signature] = (await key.sign(userClaims())).split(".");
    const other = Buffer.from(JSON.stringify(userClaims({ sub: crypto.randomUUID() }))).toString("base64url");
    await expect(verify(`${header}.${other}.${signature}`)).rejects.toEqual(code("token_invalid"));
  });
});

describe("keys fetched from the project", () => {
  let asked = 0;
  let status = 200;
  const server = createServer((request, response) => {
    asked++;
    response.statusCode = request.url === "/auth/v1/.well-known/jwks.json" ? status : 404;
    response.end(JSON.stringify({ keys: [key.publicJwk] }));
  });
  let url = "";
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  const fetching = (base: string) => environment({ SUPABASE_URL: base, SUPABASE_JWKS: '{"keys":[]}' });
  const tokenFor = (base: string) => key.sign(userClaims({ iss: `${base}/auth/v1` }));

  it("are unreachable: that is our error (503), not a bad token (401)", async () => {
    status = 500;
    await expect(verify(await tokenFor(url), fetching(url))).rejects.toEqual(code("auth_unavailable"));
    const nobody = "http://127.0.0.1:9";
    await expect(verify(await tokenFor(nobody), fetching(nobody))).rejects.toEqual(code("auth_unavailable"));
  });

  it("are fetched once and kept", async () => {
    status = 200;
    const token = await tokenFor(url);
    await expect(verify(token, fetching(url))).resolves.toEqual({ userId: USER_ID });
    const before = asked;
    await Promise.all(Array.from({ length: 20 }, () => verify(token, fetching(url))));
    expect(asked).toBe(before);
  });
});
