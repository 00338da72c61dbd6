// Which part answers which path of the gateway: functions streamed both ways, websockets, and a stop that does not wait.
import type { Duplex } from "node:stream";
import { afterAll, beforeAll, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { type FunctionRunner, startFunctionRunner } from "./start-function-runner.ts";
import { type GatewayServer, keys, startGatewayServer } from "./start-gateway-server.ts";

let runner: FunctionRunner;
let server: GatewayServer;
const sockets = new WebSocketServer({ noServer: true });

beforeAll(async () => {
  runner = await startFunctionRunner({ watch: false });
  server = await startGatewayServer({
    functionsHandler: runner.functions.handle,
    realtimeUpgrade: (req, socket: Duplex, head) =>
      sockets.handleUpgrade(req, socket, head, (ws) => ws.on("message", (text) => ws.send(`heard ${text}`))),
    realtimeHandler: (req, res) => res.writeHead(202).end(req.url),
  });
});
afterAll(async () => {
  await server?.stop();
  await runner?.stop();
});

it("hands calls to functions without an API key, with path, query and body", async () => {
  const answer = await fetch(`${server.url}/functions/v1/echo?a=1`, { method: "PUT", body: "text" });
  expect(await answer.json()).toMatchObject({
    url: "http://edge-runtime.supabase.com/echo?a=1",
    method: "PUT",
    body: "text",
    headers: { "x-forwarded-host": new URL(server.url).host },
  });
});

it("invokes functions by supabase-js", async () => {
  const { data, error } = await server.client().functions.invoke("echo", { body: { some: "json" } });
  expect([error, data.body, data.headers.apikey]).toEqual([null, '{"some":"json"}', keys.publishable]);
});

it("leaves CORS to the functions", async () => {
  const answer = await fetch(`${server.url}/functions/v1/echo`, {
    method: "OPTIONS",
    headers: { origin: "https://dashboard.example.com", "access-control-request-method": "POST" },
  });
  expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  expect((await answer.json()).method).toBe("OPTIONS");
});

it("passes websockets and broadcasts to Realtime, and no other upgrade", async () => {
  const heard = new Promise((resolve, reject) => {
    const ws = new WebSocket(`${server.url.replace("http", "ws")}/realtime/v1/websocket?vsn=2.0.0`);
    ws.on("open", () => ws.send("hello")).on("error", reject);
    ws.on("message", (text) => resolve(`${text}`));
  });
  expect(await heard).toBe("heard hello");
  const broadcast = await fetch(`${server.url}/realtime/v1/api/broadcast/topic/events/e?private=true`, {
    method: "POST",
  });
  expect([broadcast.status, await broadcast.text()]).toEqual([
    202,
    "/realtime/v1/api/broadcast/topic/events/e?private=true",
  ]);
  const refused = new Promise((resolve) => {
    new WebSocket(`${server.url.replace("http", "ws")}/rest/v1/notes`).on("error", (error) =>
      resolve(error.message),
    );
  });
  expect(await refused).toContain("404");
});

it("stops although a websocket and a long call are open", async () => {
  const other = await startGatewayServer({
    functionsHandler: runner.functions.handle,
    realtimeUpgrade: (req, socket: Duplex, head) => sockets.handleUpgrade(req, socket, head, () => {}),
  });
  const ws = new WebSocket(`${other.url.replace("http", "ws")}/realtime/v1/websocket`);
  await new Promise((resolve, reject) => ws.on("open", resolve).on("error", reject));
  const closed = new Promise((resolve) => ws.on("close", resolve));
  const call = fetch(`${other.url}/functions/v1/echo/pause?ms=60000`).catch(() => "lost");
  await other.stop();
  await closed;
  expect(await call).toBe("lost");
});
