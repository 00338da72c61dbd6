// Where the simulator listens, who may control it, and that accounts are separate.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectSimulator } from "../src/connect-simulator.ts";
import { type RunningSimulator, startSimulator } from "../src/start-simulator.ts";
import { createSdkClient, FROM } from "./sdk-client.ts";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));
let simulator: RunningSimulator;

beforeAll(async () => {
  simulator = await startSimulator({ port: 0, seed: 5 });
});
afterAll(() => simulator.stop());

const sidOf = (letter: string) => `AC${letter.repeat(32)}`;
const register = (letter: string, extra: object = {}) =>
  connectSimulator(simulator.url).register({
    accountSid: sidOf(letter),
    authToken: `token-${letter}`,
    numbers: [{ phoneNumber: FROM, mps: null }],
    behaviour: { timeFactor: 0 },
    ...extra,
  });

test.each(["0.0.0.0", "::", "192.168.1.10", "example.com", "127.0.0.1.example.com"])(
  "it refuses to listen on %s",
  async (host) => {
    await expect(startSimulator({ port: 0, host })).rejects.toThrow(/loopback only/);
  },
);

test.each(["127.0.0.1", "::1", "localhost"])("it listens on %s", async (host) => {
  const one = await startSimulator({ port: 0, host });
  expect(await connectSimulator(one.url).health()).toMatchObject({ ok: true });
  await one.stop();
});

test("as a process of its own it refuses a public host, and says why", async () => {
  const child = spawn(process.execPath, ["--import", "tsx", MAIN, "--host", "0.0.0.0"]);
  let text = "";
  child.stderr.on("data", (chunk) => {
    text += chunk;
  });
  const code = await new Promise((resolve) => child.once("close", resolve));
  expect(code).toBe(1);
  expect(text).toMatch(/loopback only/);
});

test("as a process of its own it serves until it is told to end", async () => {
  const child = spawn(process.execPath, ["--import", "tsx", MAIN, "--port", "0", "--seed", "9"]);
  const url = await new Promise<string>((resolve) => {
    let text = "";
    child.stdout.on("data", (chunk) => {
      text += chunk;
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(text);
      if (found !== null) resolve(found[0]);
    });
  });
  expect(await connectSimulator(url).health()).toEqual({ ok: true, seed: 9, accounts: 0 });
  child.kill("SIGTERM");
  expect(await new Promise((resolve) => child.once("close", resolve))).toBe(0);
});

test("a request that names another host is not control", async () => {
  const { request } = await import("node:http");
  const status = await new Promise((resolve) => {
    request(`${simulator.url}/simulator/health`, { headers: { host: "evil.example" } }, (answer) =>
      resolve(answer.statusCode),
    ).end();
  });
  expect(status).toBe(403);
});

test("accounts have numbers, behaviour and record of their own", async () => {
  const first = await register("a", {
    behaviour: { timeFactor: 0, rejections: [{ code: 21614, share: 1 }] },
  });
  const second = await register("b");
  const send = (letter: string) =>
    createSdkClient(simulator.url, sidOf(letter), `token-${letter}`).messages.create({
      to: "+13055550123",
      from: FROM,
      body: letter,
    });
  await expect(send("a")).rejects.toMatchObject({ code: 21614 });
  await send("b");
  expect(await first.verdict()).toMatchObject({ posts: 1, accepted: 0 });
  expect(await second.verdict()).toMatchObject({ posts: 1, accepted: 1 });
  await first.reset();
  expect(await first.readRecord()).toEqual([]);
  expect(await second.readRecord({ kind: "post" })).toHaveLength(1);
});

test("registering again keeps the record and the numbers' SIDs", async () => {
  const account = await register("c");
  const client = createSdkClient(simulator.url, sidOf("c"), "token-c");
  await client.messages.create({ to: "+13055550123", from: FROM, body: "x" });
  const [before] = await client.incomingPhoneNumbers.list();
  await register("c");
  expect((await client.incomingPhoneNumbers.list()).map((number) => number.sid)).toEqual([before?.sid]);
  expect(await account.readRecord({ kind: "post" })).toHaveLength(1);
  await account.remove();
  await expect(account.verdict()).rejects.toThrow(/is unknown; register it/);
});

test("a reset drops what is still on its way", async () => {
  const account = await register("d", { behaviour: { timeFactor: 1, delays: { sent: 60_000, final: 0 } } });
  const client = createSdkClient(simulator.url, sidOf("d"), "token-d");
  await client.messages.create({ to: "+13055550123", from: FROM, body: "x" });
  expect(await account.waitUntilIdle(1)).toBe(false);
  await account.reset();
  expect(await account.waitUntilIdle(1)).toBe(true);
  expect(await client.messages.list()).toEqual([]);
});

test.each([
  ["timeFactr", { timeFactr: 1 }],
  ["callbacks.lost", { callbacks: { lost: 2 } }],
  ["delivery.failures.0.code", { delivery: { failures: [{ code: "x", share: 1 }] } }],
])("a wrong setting is refused by its name: %s", async (name, patch) => {
  const account = await register("e");
  // biome-ignore lint/suspicious/noExplicitAny: wrong on purpose
  await expect(account.setBehaviour(patch as any)).rejects.toThrow(name);
});

test("an override names exactly one of number, to and mid", async () => {
  const account = await register("f");
  await expect(account.addOverride({ behaviour: {} })).rejects.toThrow(/exactly one/);
});

test("a port that is taken is an error", async () => {
  const { port } = new URL(simulator.url);
  await expect(startSimulator({ port: Number(port) })).rejects.toMatchObject({ code: "EADDRINUSE" });
});
