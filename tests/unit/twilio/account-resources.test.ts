// Reading an account's balance and A2P registration: real HTTP against a server that answers as Twilio does, and differently.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readEnvironment } from "../../../supabase/functions/_shared/environment/environment.ts";
import { twilioMessagingUrl } from "../../../supabase/functions/_shared/twilio/messaging-url.ts";
import { readA2pRegistration } from "../../../supabase/functions/_shared/twilio/read-a2p-registration.ts";
import { readBalance } from "../../../supabase/functions/_shared/twilio/read-balance.ts";

let server: Server;
let url: string;
let behave: (request: IncomingMessage, response: ServerResponse) => void;
beforeAll(async () => {
  server = createServer((request, response) => behave(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const AC = `AC${"1b".repeat(16)}`;
const MG = `MG${"2c".repeat(16)}`;
const account = {
  accountSid: AC,
  orgId: "",
  authToken: "secret",
  authorization: `Basic ${btoa(`${AC}:secret`)}`,
};
const answer = (status: number, body: unknown, headers: Record<string, string> = {}) => {
  behave = (_request, response) =>
    response.writeHead(status, headers).end(typeof body === "string" ? body : JSON.stringify(body));
};
const balance = () => readBalance(url, account);
const registration = () => readA2pRegistration(url, account, MG);
const campaign = (campaign_status: string, more: object = {}) => ({
  sid: `QE${"3d".repeat(16)}`,
  brand_registration_sid: `BN${"4e".repeat(16)}`,
  campaign_status,
  us_app_to_person_usecase: "MIXED",
  rate_limits: null,
  errors: [],
  ...more,
});

it("asks the addresses Twilio documents, with Basic auth", async () => {
  const seen: [string | undefined, string | undefined][] = [];
  behave = (request, response) => {
    seen.push([request.url, request.headers.authorization]);
    response.end(JSON.stringify({ balance: "1", currency: "USD", compliance: [] }));
  };
  await balance();
  await registration();
  expect(seen).toEqual([
    [`/2010-04-01/Accounts/${AC}/Balance.json`, account.authorization],
    [`/v1/Services/${MG}/Compliance/Usa2p`, account.authorization],
  ]);
});

describe("a balance", () => {
  it.each(["12.34500", "-3.2", "0"])("of %s is kept as Twilio writes it", async (given) => {
    answer(200, { account_sid: AC, balance: given, currency: "EUR" });
    expect(await balance()).toEqual({ balance: given, currency: "EUR" });
  });

  it.each([[{ balance: 12 }], [{ balance: "12,5" }], [{ balance: "NaN" }], [{}]])(
    "that is none is refused: %o",
    async (body) => {
      answer(200, body);
      await expect(balance()).rejects.toThrow("can't be read");
    },
  );
});

describe("a registration", () => {
  it("is returned with its status, limits and errors", async () => {
    const rate_limits = { att: { mps: 4, msg_class: "A" }, tmobile: { brand_tier: "LOW" } };
    answer(200, { compliance: [campaign("FAILED", { rate_limits, errors: [{ error_code: 30951 }] })] });
    expect(await registration()).toEqual({
      messaging_service_sid: MG,
      status: "FAILED",
      campaign_sid: `QE${"3d".repeat(16)}`,
      brand_sid: `BN${"4e".repeat(16)}`,
      use_case: "MIXED",
      rate_limits,
      errors: [{ error_code: 30951 }],
    });
  });

  it("is the verified one of several, else the first", async () => {
    answer(200, { compliance: [campaign("FAILED"), campaign("VERIFIED")] });
    expect((await registration()).status).toBe("VERIFIED");
    answer(200, { compliance: [campaign("PENDING"), campaign("FAILED")] });
    expect((await registration()).status).toBe("PENDING");
  });

  it("is NONE if the service has none or does not exist", async () => {
    answer(200, { compliance: [] });
    expect(await registration()).toMatchObject({ status: "NONE", errors: [] });
    answer(404, { code: 20404, message: "The requested resource was not found", status: 404 });
    expect(await registration()).toMatchObject({ status: "NONE", errors: [{ error_code: 20404 }] });
  });

  it.each([[{ compliance: "none" }], [{}], ["<html>"]])("that is none is refused: %o", async (body) => {
    answer(200, body);
    await expect(registration()).rejects.toThrow();
  });
});

it.each([
  [401, { code: 20003, message: "Authenticate" }, "Twilio error 20003: Authenticate"],
  [429, { code: 20429, message: "Too Many Requests" }, "Twilio error 20429: Too Many Requests"],
  [503, "upstream", "HTTP 503 from Twilio"],
])("an answer of %i is an error in Twilio's words", async (status, body, words) => {
  answer(status, body);
  await expect(balance()).rejects.toThrow(words);
  await expect(registration()).rejects.toThrow(words);
});

it("follows no redirect, because the token must not be sent elsewhere", async () => {
  answer(302, "", { location: "http://elsewhere.test/" });
  await expect(balance()).rejects.toThrow("HTTP 302 from Twilio");
});

it("an environment's messaging address is used without a slash at the end, Twilio's own by default", () => {
  const at = (value?: string) =>
    twilioMessagingUrl(readEnvironment((name) => (name === "TWILIO_MESSAGING_URL" ? value : undefined)));
  expect([at(), at("http://127.0.0.1:1/")]).toEqual(["https://messaging.twilio.com", "http://127.0.0.1:1"]);
  expect(() => at("ftp://x")).toThrow("TWILIO_MESSAGING_URL");
});
