// Calls by TLS as functions make them, in Deno: the certificate must be for the name, and signed by a trusted authority.
import { createServer, type Server } from "node:https";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runTool } from "../../../scripts/tools/run-tool.ts";
import { type Authority, makeAuthority } from "../../fixtures/make-certificates.ts";

let trusted: Authority;
let other: Authority;
const closing: (() => void)[] = [];
beforeAll(async () => {
  [trusted, other] = await Promise.all([makeAuthority("Trusted"), makeAuthority("Nobody")]);
});
afterAll(() => {
  for (const close of closing) close();
});

async function serve(authority: Authority, name: string, received: string[] = []): Promise<number> {
  const server: Server = createServer(await authority.sign(name), (request, response) => {
    received.push(String(request.headers["x-api-key"]));
    request.resume();
    if (request.url === "/chunked") {
      response.write('{"acreage":');
      setImmediate(() => response.end("5}"));
    } else response.end(JSON.stringify({ host: request.headers.host, protocol: request.httpVersion }));
  });
  // A client that does not trust it hangs up in the middle.
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
  return (server.address() as AddressInfo).port;
}

interface Call {
  name: string;
  port: number;
  path?: string;
}
async function callInDeno(...calls: Call[]): Promise<Record<string, unknown>[]> {
  const argument = JSON.stringify({ ca: [trusted.ca], calls: calls.map((call) => ({ path: "/", ...call })) });
  const script = "tests/fixtures/call-in-deno.ts";
  const { code, stdout, stderr } = await runTool("deno", [
    "run",
    "-A",
    "--config",
    "deno.json",
    script,
    argument,
  ]);
  expect([code, code === 0 ? "" : stderr]).toEqual([0, ""]);
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

it("are answered if the certificate is for the name", async () => {
  const port = await serve(trusted, "parcels.example.com");
  const name = "parcels.example.com";
  expect(await callInDeno({ name, port }, { name, port, path: "/chunked" })).toMatchObject([
    { status: 200, text: '{"host":"parcels.example.com","protocol":"1.1"}' },
    { status: 200, text: '{"acreage":5}' },
  ]);
});

it("are refused if it is for another name or not signed by a trusted authority: nothing is sent", async () => {
  const received: string[] = [];
  const [wrongName, wrongSigner] = await Promise.all([
    serve(trusted, "elsewhere.example.com", received),
    serve(other, "parcels.example.com", received),
  ]);
  const name = "parcels.example.com";
  const refused = {
    outcome: "blocked",
    isCharged: false,
    message: "Its certificate is not valid for parcels.example.com, or nobody we trust signed it.",
  };
  expect(await callInDeno({ name, port: wrongName }, { name, port: wrongSigner })).toMatchObject([
    refused,
    refused,
  ]);
  expect(received).toEqual([]);
});

it("end in time if the other side has no TLS, or never answers", async () => {
  const ports = await Promise.all(
    ["SSH-2.0-OpenSSH_9.2\r\n", ""].map(async (greeting) => {
      const server = createTcpServer((socket) => {
        socket.on("error", () => {});
        socket.write(greeting);
        closing.push(() => socket.destroy());
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      closing.push(() => server.close());
      return (server.address() as AddressInfo).port;
    }),
  );
  const [ssh, silent] = await callInDeno(...ports.map((port) => ({ name: "parcels.example.com", port })));
  expect(ssh).toMatchObject({ outcome: "retry", isCharged: false });
  expect(silent).toMatchObject({ outcome: "retry", message: "It did not answer within 3 s." });
  expect(silent?.ms).toBeLessThan(4_000);
});
