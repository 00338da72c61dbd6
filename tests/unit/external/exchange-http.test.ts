// The HTTP client for untrusted services: answers that break the protocol, or that are costly to read.
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  callExternal,
  MAX_ANSWER_BYTES,
} from "../../../supabase/functions/_shared/external/call-external.ts";
import { exchangePinned } from "../../../supabase/functions/_shared/external/exchange-pinned.ts";
import { makeNodeDial } from "../../fixtures/node-dial.ts";

let server: Server;
let answer: (socket: Socket) => void;
let url: string;
beforeAll(async () => {
  server = createServer((socket) => {
    socket.setNoDelay(true).on("error", () => {});
    socket.once("data", () => answer(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const exchange = exchangePinned({ allowsLoopback: true, dial: makeNodeDial().dial });
const call = (headers: Record<string, string> = {}) =>
  callExternal(url, { method: "GET", headers }, 5_000, exchange).catch(({ outcome, message }) => ({
    outcome,
    message,
  }));
const callFor = (raw: string | Uint8Array) => {
  answer = (socket) => socket.end(raw);
  return call();
};

it.each([
  ["with a length", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "{}"],
  ["with more than its length", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK", "{}"],
  ["to the end of the connection", "HTTP/1.0 200\r\n\r\n[1]", "[1]"],
  [
    "in chunks",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=y\r\n[\r\n2\r\n1]\r\n0\r\nA: b\r\n\r\n",
    "[1]",
  ],
  [
    "after an interim one",
    "HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]",
    "[]",
  ],
  ["in lines without CR", "HTTP/1.1 200 OK\ncontent-length: 2\n\n[]", "[]"],
  ["of nothing", "HTTP/1.1 204 No Content\r\n\r\n", ""],
  ["in UTF-8", new TextEncoder().encode("HTTP/1.1 200 OK\r\n\r\n“ñ🏡”"), "“ñ🏡”"],
])("an answer %s is read", async (_name, raw, text) => {
  expect(await callFor(raw)).toMatchObject({ text });
});

const head = "HTTP/1.1 200 OK\r\n";
it.each([
  ["SSH-2.0-OpenSSH\r\n", "Its answer is no HTTP."],
  ["HTTP/2 200\r\n\r\n", "Its answer is no HTTP."],
  ["HTTP/1.1 999 OK\r\n\r\n", "Its answer is no HTTP."],
  ["", "The connection was lost before the answer was complete."],
  [`${head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`, "Its answer has two lengths."],
  [`${head}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, "Its answer has two lengths."],
  [`${head}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, "Its answer has an unknown encoding."],
  [`${head}Content-Encoding: gzip\r\n\r\n{}`, "Its answer is compressed (gzip), which was not asked for."],
  [`${head}Content-Length: -1\r\n\r\n{}`, "Its answer has an impossible length."],
  [`${head}Content-Length: 0x2\r\n\r\n{}`, "Its answer has an impossible length."],
  [`${head}Content-Length: 9\r\n\r\n{}`, "The connection was lost before the answer was complete."],
  [`${head}Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n`, "Its answer has an impossible chunk."],
  [`${head}Transfer-Encoding: chunked\r\n\r\n2\r\n{}x\r\n0\r\n\r\n`, "Its answer has an impossible chunk."],
  [`${head}Transfer-Encoding: chunked\r\n\r\nffffffff\r\n`, "Its answer is longer than 256 KB."],
  [`${head}Content-Length: 999999999999\r\n\r\n`, "Its answer is longer than 256 KB."],
  [`${head}folded: a\r\n b\r\n\r\n{}`, "Its answer has an impossible header."],
  [`${head}no colon\r\n\r\n{}`, "Its answer has an impossible header."],
  [`${head}${"a: b\r\n".repeat(101)}\r\n{}`, "Its answer has too many headers."],
  [`${head}a: ${"b".repeat(9_000)}\r\n\r\n{}`, "Its answer has a line that is too long."],
  ["HTTP/1.1 100 Continue\r\n\r\n".repeat(10), "Its answer does not begin."],
])("%j is refused", async (raw, message) => {
  expect(await callFor(raw)).toEqual({ outcome: "retry", message });
});

it("a service that sends each byte apart costs a bounded number of reads", async () => {
  const chunks = `${"1\r\n \r\n".repeat(20_000)}0\r\n\r\n`;
  expect(await callFor(`${head}Transfer-Encoding: chunked\r\n\r\n${chunks}`)).toMatchObject({
    message: "Its answer comes in too many pieces.",
  });
  answer = async (socket) => {
    socket.write(head);
    while (!socket.destroyed) await new Promise((resolve) => socket.write("a", () => setImmediate(resolve)));
  };
  const begun = process.cpuUsage();
  // Limited by reads if each byte arrives separately, by length if the network joined them.
  expect(await call()).toMatchObject({ outcome: "retry" });
  expect(process.cpuUsage(begun).user / 1000).toBeLessThan(2_000);
});

it("the largest answer costs little", async () => {
  answer = (socket) => socket.end(`${head}\r\n${"a".repeat(MAX_ANSWER_BYTES)}`);
  const begun = process.cpuUsage();
  expect((await call()) as { text: string }).toMatchObject({ status: 200 });
  expect(process.cpuUsage(begun).user / 1000).toBeLessThan(500);
});

it.each([
  [{ "x-api-key": "a\r\nhost: elsewhere" }],
  [{ "x-api-key": "a\0b" }],
  [{ "x-api-key": "ключ" }],
  [{ "x: y\r\nz": "1" }],
  [{ "": "1" }],
])("a request with the header %j is not sent", async (headers) => {
  const received: string[] = [];
  answer = (socket) => received.push(socket.remoteAddress ?? "");
  expect(await call(headers)).toEqual({ outcome: "retry", message: "Our request has an impossible header." });
  expect(received).toEqual([]);
});
