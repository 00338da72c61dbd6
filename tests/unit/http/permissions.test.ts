// Who may call: the checks that need no database. Roles are tested elsewhere with a database.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import ws from "ws";
import { z } from "zod";
import { AppError } from "../../../supabase/functions/_shared/http/app-error.ts";
import { hasRank, ROLES } from "../../../supabase/functions/_shared/http/roles.ts";
import { muteLog } from "./mute-log.ts";
import { signShared, userClaims } from "./sign-token.ts";
import { areaOf, echo } from "./test-area.ts";

muteLog();

/** A gateway whose database is down. */
const gateway = createServer((_request, response) => response.writeHead(502).end("<html>bad gateway</html>"));
beforeAll(async () => {
  await new Promise<void>((resolve) => gateway.listen(0, "127.0.0.1", resolve));
  // supabase-js looks for one when it is made, and Node 20 has none of its own.
  vi.stubGlobal("WebSocket", globalThis.WebSocket ?? ws);
});
afterAll(() => {
  vi.unstubAllGlobals();
  gateway.close();
});

describe("roles", () => {
  it("rise from viewer to admin, each with all that the lower ones may", () => {
    const table = ROLES.map((role) => ROLES.filter((needed) => hasRank(role, needed)).join(" "));
    expect(table).toEqual([
      "viewer",
      "viewer operator",
      "viewer operator campaign_manager",
      "viewer operator campaign_manager admin",
    ]);
  });
});

describe("a route for users", () => {
  const ask = areaOf([echo("GET", "/", {}, { permission: "viewer" })]);
  const codeFor = async (headers: Record<string, string>) => {
    const response = await ask("/", { headers });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe("Bearer");
    return (await response.json()).error.code;
  };

  it("needs a token", async () => {
    expect(await codeFor({})).toBe("missing_token");
    expect(await codeFor({ authorization: "" })).toBe("missing_token");
    expect(await codeFor({ authorization: "Basic YTpi" })).toBe("missing_token");
    expect(await codeFor({ authorization: "Bearer" })).toBe("missing_token");
    expect(await codeFor({ apikey: "sb_publishable_test" })).toBe("missing_token");
  });

  it("does not take a project key for a person, not even the secret one", async () => {
    expect(await codeFor({ authorization: "Bearer sb_publishable_test" })).toBe("missing_token");
    expect(await codeFor({ authorization: "Bearer sb_secret_test" })).toBe("missing_token");
  });

  it("distinguishes an expired token from a bad one", async () => {
    expect(await codeFor({ authorization: `Bearer ${await signShared(userClaims({ exp: 1 }))}` })).toBe(
      "token_expired",
    );
    expect(await codeFor({ authorization: "Bearer nonsense" })).toBe("token_invalid");
  });

  it("reports that API keys are not enabled, and does not fall back to the token beside one", async () => {
    const token = await signShared(userClaims());
    expect(await codeFor({ "x-api-key": "ct_0123456789", authorization: `Bearer ${token}` })).toBe(
      "api_keys_not_enabled",
    );
  });

  it("answers 503 if the database can't be reached, and lets nobody in", async () => {
    const url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
    const down = areaOf([echo("GET", "/", {}, { permission: "viewer" })], { SUPABASE_URL: url });
    const token = await signShared(userClaims({ iss: `${url}/auth/v1` }));
    const response = await down("/", { headers: { authorization: `Bearer ${token}` } });
    expect([response.status, (await response.json()).error.code]).toEqual([503, "database_unavailable"]);
    expect(response.headers.get("retry-after")).toBe("2");
  });
});

describe("a route for the scheduler", () => {
  const ask = areaOf([echo("POST", "/", {}, { permission: "worker_secret" })], {
    WORKER_SECRET: "a-long-random-secret",
  });
  const statusFor = async (headers: Record<string, string>) =>
    (await ask("/", { method: "POST", headers })).status;

  it("needs its secret, and does not accept a user's token", async () => {
    expect(await statusFor({ "x-worker-secret": "a-long-random-secret" })).toBe(200);
    expect(await statusFor({})).toBe(401);
    expect(await statusFor({ "x-worker-secret": "" })).toBe(401);
    expect(await statusFor({ "x-worker-secret": "a-long-random-secre" })).toBe(401);
    expect(await statusFor({ "x-worker-secret": "a-long-random-secret2" })).toBe(401);
    expect(await statusFor({ authorization: `Bearer ${await signShared(userClaims())}` })).toBe(401);
    expect(await statusFor({ authorization: "Bearer a-long-random-secret" })).toBe(401);
  });

  it("lets nobody in if the secret is not set", async () => {
    const unset = areaOf([echo("POST", "/", {}, { permission: "worker_secret" })]);
    for (const headers of [{}, { "x-worker-secret": "" }, { "x-worker-secret": "undefined" }]) {
      expect((await unset("/", { method: "POST", headers: headers as Record<string, string> })).status).toBe(
        500,
      );
    }
  });
});

describe("a route for Twilio", () => {
  const seen: string[] = [];
  const ask = areaOf(
    [echo("POST", "/", { form: z.object({ MessageSid: z.string() }) }, { permission: "twilio_signature" })],
    {},
    {
      verifyTwilio: async ({ request }, form) => {
        seen.push(form.toString());
        if (request.headers.get("x-twilio-signature") !== "right")
          throw new AppError("signature_invalid", "Not signed.");
      },
    },
  );
  const post = (signature: string) =>
    ask("/", {
      method: "POST",
      body: new URLSearchParams({ MessageSid: "SM1", Extra: "a b" }),
      headers: { "x-twilio-signature": signature },
    });

  it("is checked by the signature over all fields of the body, which the use case still gets", async () => {
    const response = await post("right");
    expect(await response.json()).toEqual({ success: true, data: { form: { MessageSid: "SM1" } } });
    expect(seen.at(-1)).toBe("MessageSid=SM1&Extra=a+b");
  });

  it("is refused without a right signature", async () => {
    const response = await post("wrong");
    expect([response.status, (await response.json()).error.code]).toEqual([403, "signature_invalid"]);
  });
});
