// Requests that PostgREST and Storage refuse as the caller's fault are refused here too, and cost the gateway nothing.
import { once } from "node:events";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { countLevels } from "../src/gateway/refuse-unreadable-body.ts";
import { type GatewayServer, keys, startGatewayServer } from "./start-gateway-server.ts";

let server: GatewayServer;
beforeAll(async () => {
  server = await startGatewayServer();
});
afterAll(() => server?.stop());

const post = async (path: string, body: string) => {
  const headers = { apikey: keys.publishable, "content-type": "application/json" };
  const response = await fetch(`${server.url}${path}`, { method: "POST", headers, body });
  return [response.status, (await response.json()).code];
};

it("refuses JSON that is too deep at once, as Postgres does", async () => {
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  const begun = performance.now();
  expect(await post("/rest/v1/rpc/add_up", `{"a":1,"b":${deep}}`)).toEqual([500, "54001"]);
  expect(await post("/rest/v1/lists", `{"id":900,"data":${deep}}`)).toEqual([500, "54001"]);
  expect(performance.now() - begun).toBeLessThan(10_000);
});

it("counts brackets in a string as text", () => {
  expect(countLevels(`{"a":"${"[".repeat(5_000)}\\"{{","b":[[1]]}`)).toBe(3);
});

it("refuses a value of another kind than the argument's", async () => {
  for (const value of ["{}", "[]", '{"toString":null}', '"x"', '[{"a":1}]'])
    expect((await post("/rest/v1/rpc/add_up", `{"a":1,"b":${value}}`))[0], value).toBe(400);
  expect(await post("/rest/v1/rpc/add_up", "[1,2]")).toEqual([400, "PGRST102"]);
  expect((await post("/rest/v1/lists", '{"id":901,"words":{"a":1}}'))[0]).toBe(400);
});

it("refuses an address that cannot be read", async () => {
  const headers = { apikey: keys.publishable };
  for (const query of ['select="', 'select=id&order="', 'id=in.("1)&select="id'])
    expect((await fetch(`${server.url}/rest/v1/lists?${query}`, { headers })).status, query).toBe(400);
  const answer = await fetch(`${server.url}/rest/v1/lists?select="`, { headers });
  expect((await answer.json()).code).toBe("PGRST100");
});

it("refuses NUL in a value", async () => {
  const headers = { apikey: keys.publishable };
  const response = await fetch(`${server.url}/rest/v1/lists?words=cs.{a%00b}`, { headers });
  expect([response.status, (await response.json()).code]).toEqual([400, "22021"]);
  expect((await post("/rest/v1/lists", '{"id":902,"words":["a\\u0000b"]}'))[0]).toBe(400);
});

it("refuses an impossible file name, and a signed link that is not ours", async () => {
  const headers = { authorization: `Bearer ${keys.publishable}`, apikey: keys.publishable };
  const ask = async (method: string, path: string) =>
    (await fetch(`${server.url}/storage/v1${path}`, { method, headers })).status;
  expect(await ask("GET", "/object/papers/%00")).toBe(400);
  expect(await ask("GET", "/object/papers/%ff")).toBe(400);
  expect(await ask("GET", "/object/sign/papers/a.csv?token=a.b.c")).toBe(400);
  expect(await ask("PUT", "/object/upload/sign/papers/a.csv?token=a.b.c")).toBe(400);
  expect(await ask("GET", "/object/sign/papers/a.csv")).toBe(400);
  expect(await ask("PUT", "/object/upload/sign/papers/?token=a.b.c")).toBe(400);
});

it.each([
  ["POST", "/object/list/papers", { prefix: "", search: "a\u0000b" }],
  ["POST", "/object/list/papers", { prefix: "a\u0000b" }],
  ["POST", "/object/move", { bucketId: "papers", sourceKey: "\u0000", destinationKey: "b.csv" }],
  ["POST", "/object/sign/papers", { expiresIn: 60, paths: ["a\u0000b"] }],
  ["DELETE", "/object/papers", { prefixes: ["\\\u0000"] }],
])("refuses a file's name that none can have where a body asks: %s %s %o", async (method, path, body) => {
  const headers = {
    authorization: `Bearer ${keys.publishable}`,
    apikey: keys.publishable,
    "content-type": "application/json",
  };
  const init = { method, headers, body: JSON.stringify(body) };
  expect((await fetch(`${server.url}/storage/v1${path}`, init)).status).toBe(400);
  // A backslash before the letters is no NUL.
  const spelled = { ...init, body: init.body.replace(/(\\\\)*\\u0000/, "\\\\u0000") };
  expect((await fetch(`${server.url}/storage/v1${path}`, spelled)).status).toBeLessThan(500);
});

it("tells a caller who is still sending that the head is too large or not HTTP, without a connection reset", async () => {
  // In a process of its own: a server that shares the caller's answers before the next part is sent.
  const { hostname, port } = new URL(inject("platform").API_URL);
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const headers = { "content-length": String(2 * 200_000) };
  const troubles: string[] = [];
  const send = (path: string) =>
    new Promise<number | undefined>((resolve) => {
      const call = request({ hostname, port, agent, method: "PATCH", path, headers }, (response) => {
        response.resume().on("error", (error) => troubles.push(error.message));
        response.on("close", () => resolve(response.statusCode));
      });
      // May come after the answer, or in its place.
      call.on("error", (error) => {
        troubles.push(error.message);
        resolve(undefined);
      });
      call.end("{}".repeat(200_000));
    });
  const long = `/rest/v1/lists?select=${"a".repeat(40_000)}`;
  for (let round = 0; round < 60; round++)
    expect(await Promise.all([send(long), send("/nowhere"), send(long), send("/nowhere")])).toEqual([
      431, 404, 431, 404,
    ]);
  expect(troubles).toEqual([]);
  agent.destroy();
  const socket = connect(Number(port), hostname, () => socket.end("no HTTP\r\n\r\n"));
  expect(`${(await once(socket, "data"))[0]}`).toMatch("HTTP/1.1 400 Bad Request");
});
