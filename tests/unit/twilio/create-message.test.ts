// The outcome for each answer, or missing answer, of Twilio. Real HTTP against a server that misbehaves on purpose.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createMessage } from "../../../supabase/functions/_shared/twilio/create-message.ts";

let server: Server;
let url: string;
let behave: (request: IncomingMessage, response: ServerResponse, body: string) => void;
beforeAll(async () => {
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => behave(request, response, body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const SID = `SM${"0a".repeat(16)}`;
const account = {
  accountSid: `AC${"1b".repeat(16)}`,
  orgId: "",
  authToken: "secret",
  authorization: `Basic ${btoa(`AC${"1b".repeat(16)}:secret`)}`,
};
const message = {
  to: "+13055550100",
  from: "+12125550100",
  messagingServiceSid: null,
  body: "¿Vende su terreno? + más",
  mediaUrls: [],
  statusCallback: "https://x.example/twilio/status?mid=1&a=2#rc=3&rp=5xx,ct,rt",
  validitySeconds: 600,
};
const answer = (status: number, body: unknown) => {
  behave = (_request, response) =>
    response.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body));
};
const post = (base = url) => createMessage(base, account, message);

it("posts the form Twilio documents, with Basic auth, and keeps the callback's fragment", async () => {
  let seen:
    | { method?: string; path?: string; auth?: string; type?: string; form: Record<string, string> }
    | undefined;
  behave = (request, response, body) => {
    const { authorization: auth, "content-type": type } = request.headers;
    seen = {
      method: request.method,
      path: request.url,
      auth,
      type,
      form: Object.fromEntries(new URLSearchParams(body)),
    };
    response.writeHead(201).end(JSON.stringify({ sid: SID, status: "queued" }));
  };
  expect(await post()).toEqual({
    outcome: "accepted",
    provider_sid: SID,
    provider_status: "queued",
    http_status: 201,
  });
  expect(seen).toMatchObject({
    method: "POST",
    path: `/2010-04-01/Accounts/${account.accountSid}/Messages.json`,
    auth: account.authorization,
    form: {
      To: message.to,
      From: message.from,
      Body: message.body,
      StatusCallback: message.statusCallback,
      ValidityPeriod: "600",
    },
  });
  expect(seen?.type).toContain("application/x-www-form-urlencoded");
  expect(seen?.form).not.toHaveProperty("MessagingServiceSid");
});

it("names the Messaging Service beside the number if there is one", async () => {
  let form: URLSearchParams | undefined;
  behave = (_request, response, body) => {
    form = new URLSearchParams(body);
    response.writeHead(201).end(JSON.stringify({ sid: SID, status: "accepted" }));
  };
  await createMessage(url, account, { ...message, messagingServiceSid: "MG1" });
  expect([form?.get("MessagingServiceSid"), form?.get("From")]).toEqual(["MG1", message.from]);
});

it.each([
  [400, 21610],
  [429, 21611],
  [429, 63038],
  [429, 20429],
  [401, 20003],
])("HTTP %i with code %i is a refusal by that code", async (status, code) => {
  answer(status, { code, message: "No.", status });
  expect(await post()).toEqual({
    outcome: "rejected",
    http_status: status,
    error_code: code,
    error_message: "No.",
  });
});

it.each([
  [429, 20429],
  [401, 20003],
])("HTTP %i without a code is taken for %i", async (status, code) => {
  answer(status, "<html>slow down</html>");
  expect(await post()).toMatchObject({ outcome: "rejected", error_code: code });
});

it.each([
  [500, { code: 20500, message: "Internal Server Error" }],
  [503, "upstream connect error"],
  [403, "<html>a proxy's page</html>"],
  [404, ""],
  [302, ""],
  [201, "not JSON"],
  [201, { sid: "XX1" }],
  [200, {}],
])("HTTP %i with %j leaves the outcome unknown", async (status, body) => {
  answer(status, body);
  expect(await post()).toMatchObject({ outcome: "unknown", http_status: status });
});

it("a redirect is not followed: the message would be posted again, and the token sent to another host", async () => {
  let requests = 0;
  behave = (_request, response) => {
    requests++;
    response.writeHead(307, { location: `${url}/elsewhere` }).end();
  };
  expect(await post()).toMatchObject({ outcome: "unknown", http_status: 307 });
  expect(requests).toBe(1);
});

it("a connection that breaks after the request was read leaves the outcome unknown", async () => {
  behave = (request) => request.socket.resetAndDestroy();
  expect(await post()).toMatchObject({ outcome: "unknown" });
});

it("an answer that breaks off in its middle leaves the outcome unknown", async () => {
  behave = (request, response) => {
    response.writeHead(201, { "content-length": "500" }).write('{"sid":');
    setTimeout(() => request.socket.resetAndDestroy(), 20);
  };
  expect(await post()).toMatchObject({ outcome: "unknown", http_status: 201 });
});

it("a refused connection and an unknown host mean that nothing was sent for certain", async () => {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  expect(await post(`http://127.0.0.1:${port}`)).toMatchObject({ outcome: "not_posted" });
  expect(await post("http://no-such-host.invalid")).toMatchObject({ outcome: "not_posted" });
});

it("no outcome contains the token", async () => {
  for (const status of [201, 400, 401, 500]) {
    answer(status, { code: 20003, message: "Authenticate", sid: SID });
    expect(JSON.stringify(await post())).not.toContain("secret");
  }
});
