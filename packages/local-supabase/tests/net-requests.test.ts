// net.http_post and its kin send what pg_net sends, when pg_net sends it.
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import postgres from "postgres";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { waitFor } from "../src/testing/wait-for.ts";

const sql = postgres(inject("platform").DB_URL, { max: 3, onnotice: () => {} });
type Received = { method?: string; url?: string; headers: IncomingMessage["headers"]; body: string };
const received: Received[] = [];
const server = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  received.push({ method: request.method, url: request.url, headers: request.headers, body });
  if (request.url?.startsWith("/slow")) return;
  response.writeHead(201, { "content-type": "text/plain", "x-seen": "yes" }).end("thanks");
});
let base: string;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await sql.end();
});

const seen = (path: string) => received.filter((request) => request.url?.startsWith(path));
const answerOf = (id: unknown) =>
  waitFor(async () => (await sql`select * from net._http_response where id = ${id as string}`)[0]);

test("a POST is sent when its transaction commits, not before, and its answer is kept", async () => {
  const held = await sql.reserve();
  await held`begin`;
  const [request] = await held`
    select net.http_post(${`${base}/committed`}, '{"a":"ñ"}', '{"q":"1 2"}', '{"x-secret":"s"}') as id`;
  // Another transaction's request is sent meanwhile, so the sender was at work and left this one alone.
  const [other] = await sql`select net.http_get(${`${base}/meanwhile`}) as id`;
  await answerOf(other?.id);
  expect(seen("/committed")).toEqual([]);
  await held`commit`;
  held.release();
  const answer = await answerOf(request?.id);
  expect(answer).toMatchObject({
    status_code: 201,
    content: "thanks",
    content_type: "text/plain",
    timed_out: false,
  });
  expect(answer.headers).toMatchObject({ "x-seen": "yes" });
  const [sent, ...more] = seen("/committed");
  expect(more).toEqual([]);
  expect(sent).toMatchObject({ method: "POST", url: "/committed?q=1%202", body: '{"a": "ñ"}' });
  expect(sent?.headers).toMatchObject({ "content-type": "application/json", "x-secret": "s" });
});

test("a request of a transaction that rolls back is never sent", async () => {
  await expect(
    sql.begin(async (tx) => {
      await tx`select net.http_post(${`${base}/rolled-back`})`;
      throw new Error("no");
    }),
  ).rejects.toThrow("no");
  const [later] = await sql`select net.http_get(${`${base}/after-rollback`}) as id`;
  await answerOf(later?.id);
  expect(seen("/rolled-back")).toEqual([]);
});

test("a request that takes too long is given up and recorded as timed out", async () => {
  const [request] = await sql`select net.http_get(${`${base}/slow`}, timeout_milliseconds => 150) as id`;
  const answer = await answerOf(request?.id);
  expect(answer).toMatchObject({ status_code: null, timed_out: true });
  expect(answer.error_msg).toContain("150 ms");
});

test("a request that is not answered is recorded with the reason, and sent only once", async () => {
  const [request] = await sql`select net.http_delete('http://127.0.0.1:1/gone') as id`;
  const answer = await answerOf(request?.id);
  expect(answer).toMatchObject({ status_code: null, timed_out: false });
  expect(answer.error_msg).toBeTruthy();
  expect(await sql`select from net.http_request_queue where id = ${request?.id}`).toHaveLength(0);
});

test("more requests than one batch holds are all sent, each once", async () => {
  await sql`select net.http_get(${`${base}/many/`} || n) from generate_series(1, 450) n`;
  await waitFor(() => new Set(seen("/many/").map((request) => request.url)).size === 450);
  expect(seen("/many/")).toHaveLength(450);
});

test("an address that is no http address is refused at once", async () => {
  await expect(sql`select net.http_post('ftp://127.0.0.1/x')`).rejects.toThrow(/must start with http/);
});
