// Reading tables: what is too large for the memory of a function is refused as it comes, everything else passes untouched.
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  boundedFetch,
  isTooLarge,
  MAX_READ_BYTES,
} from "../../../supabase/functions/_shared/db/bounded-fetch.ts";

let server: Server;
let url: string;
let sent = 0;
beforeAll(async () => {
  server = createServer((request, response) => {
    sent = 0;
    const [status, bytes] = (request.url ?? "").slice(1).split("/").map(Number) as [number, number];
    response.writeHead(status, { "content-range": "0-9/10", "content-type": "application/json" });
    write(response, Number.isFinite(bytes) ? bytes : undefined);
  });
  const write = (response: ServerResponse, bytes?: number) => {
    if (bytes !== undefined) return void response.end(Buffer.alloc(bytes, "x"));
    const piece = Buffer.alloc(1_000_000, "x");
    const more = () => {
      while (!response.destroyed && sent < 500_000_000) {
        sent += piece.length;
        if (!response.write(piece)) return void response.once("drain", more);
      }
    };
    more();
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

it.each([
  [200, MAX_READ_BYTES],
  [206, 10],
  [404, 100],
])("an answer of status %d with %d bytes comes as it is", async (status, bytes) => {
  const response = await boundedFetch(`${url}/${status}/${bytes}`);
  expect(response.status).toBe(status);
  expect(response.headers.get("content-range")).toBe("0-9/10");
  expect((await response.text()).length).toBe(bytes);
});

it("one without a body comes as it is", async () => {
  expect((await boundedFetch(`${url}/204/0`)).status).toBe(204);
});

it("one without end is refused as soon as it is too large, as an error of the list's limit", async () => {
  const response = await boundedFetch(`${url}/200/Infinity`);
  expect(response.status).toBe(422);
  const error = (await response.json()) as { code: string; message: string; details: string };
  expect(error.code).toBe("PT422");
  expect(JSON.parse(error.details).errors[0].field).toBe("limit");
  expect(isTooLarge(error)).toBe(true);
  expect(isTooLarge({ message: "something else" })).toBe(false);
  expect(isTooLarge(null)).toBe(false);
  expect(sent).toBeLessThan(100_000_000);
});

it("what functions of the database answer is not bounded here", async () => {
  const response = await boundedFetch(`${url}/200/${MAX_READ_BYTES + 1}`, { method: "POST" });
  expect((await response.text()).length).toBe(MAX_READ_BYTES + 1);
});
