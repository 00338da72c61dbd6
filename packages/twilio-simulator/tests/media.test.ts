// Files of messages: what people send is behind credentials and a redirect; what is sent to them is fetched by HEAD and GET.
import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { MediaFetchEntry } from "../src/state/record.ts";
import { ACCOUNT_SID, AUTH_TOKEN, FROM } from "./sdk-client.ts";
import { startTestSimulator, type TestSimulator } from "./start-test-simulator.ts";

let t: TestSimulator;
let files: Server;
let filesUrl: string;
beforeAll(async () => {
  t = await startTestSimulator();
  files = createServer((req, res) => {
    const isWrong = req.url === "/wrong" && req.method === "HEAD";
    res.writeHead(req.url === "/missing" ? 404 : 200, {
      "content-type": isWrong ? "text/plain" : "image/png",
    });
    res.end(req.method === "HEAD" ? undefined : "picture");
  });
  await new Promise<void>((resolve) => files.listen(0, "127.0.0.1", resolve));
  filesUrl = `http://127.0.0.1:${(files.address() as AddressInfo).port}`;
});
afterAll(async () => {
  files.close();
  await t.stop();
});
beforeEach(() => t.prepare());

const PERSON = "+13055550100";
const base64 = Buffer.from("a picture").toString("base64");
const authorization = `Basic ${Buffer.from(`${ACCOUNT_SID}:${AUTH_TOKEN}`).toString("base64")}`;
async function receive(faults = {}, size = 0): Promise<string> {
  await t.control.sendInbound({
    from: PERSON,
    to: FROM,
    body: "",
    media: [{ base64, size, contentType: "image/png", faults }],
  });
  const { params } = t.webhooks.received.at(-1) as { params: Record<string, string> };
  expect(params).toMatchObject({ NumMedia: "1", MediaContentType0: "image/png" });
  expect(params.MessageSid).toMatch(/^MM/);
  expect(params.MediaUrl0).toMatch(new RegExp(`/Messages/${params.MessageSid}/Media/ME[0-9a-f]{32}$`));
  return params.MediaUrl0 as string;
}
const get = (url: string, init: RequestInit = {}) => fetch(url, { redirect: "manual", ...init });

test("a file asks for credentials, and redirects to a CDN that asks for none", async () => {
  const url = await receive({}, 2_000);
  expect((await get(url)).status).toBe(401);
  const first = await get(url, { headers: { authorization } });
  expect(first.status).toBe(307);
  const content = await get(first.headers.get("location") as string);
  expect([content.status, content.headers.get("content-type")]).toEqual([200, "image/png"]);
  const bytes = Buffer.from(await content.arrayBuffer());
  expect(bytes.length).toBe(2_000);
  expect(bytes.subarray(0, 9).toString()).toBe("a picture");
  await get(first.headers.get("location") as string, { headers: { authorization } });
  const record = await t.control.readRecord({ kind: "download" });
  expect(record).toMatchObject([{ hasCredentials: false }, { hasCredentials: true }]);
});

test("it is missing, redirects elsewhere or has another type when asked to", async () => {
  const missing = await receive({ missingTimes: 2 });
  const ask = async (url: string) => await get(url, { headers: { authorization } });
  expect([(await ask(missing)).status, (await ask(missing)).status, (await ask(missing)).status]).toEqual([
    404, 404, 307,
  ]);
  const elsewhere = await ask(await receive({ redirectTo: "https://evil.example/x" }));
  expect(elsewhere.headers.get("location")).toBe("https://evil.example/x");
  const typed = await ask(await receive({ servedType: "text/html" }));
  expect((await get(typed.headers.get("location") as string)).headers.get("content-type")).toBe("text/html");
});

test("its message lists it until it is deleted", async () => {
  const url = await receive();
  const [, message, sid] = /Messages\/(MM\w+)\/Media\/(ME\w+)/.exec(url) as unknown as [
    string,
    string,
    string,
  ];
  expect(await t.client.messages(message).media.list()).toMatchObject([{ sid, contentType: "image/png" }]);
  expect(await t.client.messages(message).media(sid).remove()).toBe(true);
  expect(await t.client.messages(message).media.list()).toEqual([]);
  expect((await get(url, { headers: { authorization } })).status).toBe(404);
});

test("a message's files are fetched by HEAD and GET, and it fails if one can't be", async () => {
  const send = (path: string) =>
    t.client.messages.create({
      to: PERSON,
      from: FROM,
      body: "x".repeat(400),
      mediaUrl: [`${filesUrl}${path}`],
    });
  const good = await send("/good");
  expect(good.sid).toMatch(/^MM/);
  expect([good.numSegments, good.numMedia]).toEqual(["1", "1"]);
  expect(await t.control.waitUntilIdle()).toBe(true);
  const sha256 = createHash("sha256").update("picture").digest("hex");
  expect((await t.control.readRecord({ kind: "media_fetch" })) as MediaFetchEntry[]).toMatchObject([
    { method: "HEAD", httpStatus: 200, contentType: "image/png", bytes: null },
    { method: "GET", httpStatus: 200, contentType: "image/png", bytes: 7, sha256 },
  ]);
  expect(t.posts()).toMatchObject([{ status: "delivered", media: [`${filesUrl}/good`] }]);
  for (const path of ["/missing", "/wrong"]) {
    const bad = await send(path);
    expect(await t.control.waitUntilIdle()).toBe(true);
    expect(await t.client.messages(bad.sid).fetch()).toMatchObject({ status: "failed", errorCode: 63019 });
  }
});
