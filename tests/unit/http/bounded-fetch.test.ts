// Answers of the database are limited, for any number at once.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createClient } from "@supabase/supabase-js";
import { afterAll, beforeAll, expect, it } from "vitest";
import ws from "ws";
import { boundedFetch, MAX_ANSWER_BYTES } from "../../../supabase/functions/_shared/db/bounded-fetch.ts";
import {
  fromDatabaseError,
  isDatabaseError,
} from "../../../supabase/functions/_shared/http/database-error.ts";

let server: Server;
let url: string;
beforeAll(async () => {
  // Answers a list with one text of so many bytes as the table's name says.
  server = createServer((request, response) => {
    const size = Number(/\/rest\/v1\/t(\d+)/.exec(request.url ?? "")?.[1]);
    response.setHeader("content-type", "application/json");
    response.write('[{"x":"');
    for (let sent = 0; sent < size; sent += 65_536) {
      response.write("x".repeat(Math.min(65_536, size - sent)));
    }
    response.end('"}]');
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((done) => server.close(done)));

const read = (size: number) =>
  createClient(url, "key", { global: { fetch: boundedFetch }, realtime: { transport: ws as never } })
    .from(`t${size}`)
    .select();

it("returns an answer within the limit unchanged", async () => {
  for (const size of [0, 1, 70_000, 1_000_000, MAX_ANSWER_BYTES - 100]) {
    const { data, error } = await read(size);
    expect(error).toBeNull();
    expect(data?.[0].x.length).toBe(size);
  }
});

it("refuses more, naming the field and the remedy", async () => {
  const { data, error } = await read(MAX_ANSWER_BYTES + 1);
  expect(data).toBeNull();
  expect(isDatabaseError(error)).toBe(true);
  expect(fromDatabaseError(error as never)).toMatchObject({
    code: "page_too_large",
    status: 422,
    details: { errors: [{ field: "limit", message: expect.stringContaining("limit must be lower") }] },
  });
});

it("reads a few large ones at once, and all in the end", async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => read(2_000_000)));
  expect(answers.map(({ data }) => data?.[0].x.length)).toEqual(answers.map(() => 2_000_000));
});

it("frees its place after an answer that was too large", async () => {
  await Promise.all(Array.from({ length: 10 }, () => read(MAX_ANSWER_BYTES * 2)));
  expect((await read(1_000_000)).error).toBeNull();
});
