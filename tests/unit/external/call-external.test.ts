// A call to an outside service, with a real server that answers wrongly, hangs, drips, floods, redirects and hangs up.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  callExternal,
  MAX_ANSWER_BYTES,
  readJson,
  readRetryAfter,
} from "../../../supabase/functions/_shared/external/call-external.ts";
import { exchangeByFetch } from "../../../supabase/functions/_shared/external/exchange-by-fetch.ts";
import type { ExternalRequest } from "../../../supabase/functions/_shared/external/exchange-http.ts";
import { exchangePinned } from "../../../supabase/functions/_shared/external/exchange-pinned.ts";
import { ExternalError } from "../../../supabase/functions/_shared/external/external-error.ts";
import {
  drip,
  type FaultyServer,
  flood,
  hang,
  hangUp,
  startFaultyServer,
} from "../../fixtures/faulty-server.ts";
import { makeNodeDial } from "../../fixtures/node-dial.ts";

let server: FaultyServer;
let other: FaultyServer;
beforeAll(async () => {
  [server, other] = await Promise.all([startFaultyServer(), startFaultyServer()]);
});
beforeEach(() => server.received.splice(0));
afterAll(() => Promise.all([server.close(), other.close()]));

const GET: ExternalRequest = { method: "GET", headers: {} };
const pinned = exchangePinned({ allowsLoopback: true, dial: makeNodeDial().dial });
const EXCHANGES = [
  ["pinned", pinned],
  ["by fetch", exchangeByFetch],
] as const;

describe.each(EXCHANGES)("a call %s", (_name, exchange) => {
  const call = (timeoutMs = 5_000, request = GET) => callExternal(server.url, request, timeoutMs, exchange);
  const failure = async (work: Promise<unknown>) => {
    const error = await work.then(
      () => undefined,
      (thrown) => thrown,
    );
    expect(error).toBeInstanceOf(ExternalError);
    const { outcome, message, retryAfter, isCharged } = error as ExternalError;
    return { outcome, message, retryAfter, isCharged };
  };

  it.each([200, 201, 400, 404, 410, 422])("returns an answer of %i unchanged", async (status) => {
    server.answer(status, { acreage: 5 });
    expect(await call()).toEqual({ status, text: '{"acreage":5}' });
  });

  describe("a service that does not answer is asked again", () => {
    it("when it hangs, and when it drips: the time is for the whole answer", async () => {
      const late = { outcome: "retry", message: "It did not answer within 0.2 s.", isCharged: true };
      server.behave(hang);
      expect(await failure(call(200))).toMatchObject(late);
      server.behave(drip);
      expect(await failure(call(200))).toMatchObject(late);
    });

    it("when it hangs up in the middle", async () => {
      server.behave(hangUp);
      expect(await failure(call())).toMatchObject({
        outcome: "retry",
        message: "The connection was lost before the answer was complete.",
        isCharged: true,
      });
    });

    it("when nothing listens, which costs nothing", async () => {
      const gone = await startFaultyServer();
      await gone.close();
      expect(await failure(callExternal(gone.url, GET, 5_000, exchange))).toMatchObject({
        outcome: "retry",
        message: "It can't be reached.",
        isCharged: false,
      });
    });

    it.each([408, 500, 502, 503])("when it answers %i", async (status) => {
      server.answer(status, "<h1>Sorry</h1>", { "retry-after": "120" });
      expect(await failure(call())).toEqual({
        outcome: "retry",
        message: `HTTP ${status}.`,
        retryAfter: 120,
        isCharged: true,
      });
    });

    it("when it answers 429, which costs nothing and waits as long as it says", async () => {
      server.answer(429, {}, { "retry-after": "90" });
      const seldom = { outcome: "retry", message: "It is asked too often (HTTP 429).", isCharged: false };
      expect(await failure(call())).toEqual({ ...seldom, retryAfter: 90 });
      server.answer(429, {});
      expect(await failure(call())).toEqual({ ...seldom, retryAfter: 5 });
    });
  });

  it.each([401, 403, 402, 405])(
    "a service that answers %i refuses us, whatever the subject",
    async (status) => {
      server.answer(status, {});
      expect(await failure(call())).toMatchObject({ outcome: "blocked", isCharged: true });
    },
  );

  it.each([301, 302, 303, 307, 308])("no redirect (%i) is followed, to any address", async (status) => {
    server.answer(status, "", { location: `${other.url}/latest/meta-data` });
    const secret = { ...GET, headers: { "x-api-key": "secret" } };
    expect(await failure(call(5_000, secret))).toMatchObject({
      outcome: "blocked",
      message: "It answers with a redirect, which is not followed.",
    });
    expect(other.received).toEqual([]);
  });

  it("no more than 256 KB is read of any answer", async () => {
    server.answer(200, " ".repeat(MAX_ANSWER_BYTES));
    expect((await call()).text).toHaveLength(MAX_ANSWER_BYTES);
    server.answer(200, " ".repeat(MAX_ANSWER_BYTES + 1));
    expect(await failure(call())).toMatchObject({
      outcome: "retry",
      message: "Its answer is longer than 256 KB.",
    });
    server.behave(flood);
    const before = process.memoryUsage().rss;
    expect(await failure(call())).toMatchObject({ message: "Its answer is longer than 256 KB." });
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1_048_576);
  });
});

it("Retry-After is a number of seconds or a date", () => {
  const now = Date.parse("2026-11-26T10:00:00Z");
  const read = (header: string | null) => readRetryAfter(header, now);
  expect([read("7"), read(" 0 "), read("Thu, 26 Nov 2026 10:01:30 GMT")]).toEqual([7, 0, 90]);
  expect([read("Thu, 26 Nov 2026 09:00:00 GMT"), read("soon"), read(null)]).toEqual([
    0,
    undefined,
    undefined,
  ]);
});

it("an answer nested deeper than 64 levels is not parsed; brackets in strings don't count", () => {
  const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
  expect(readJson(nested(64))).toHaveLength(1);
  expect(() => readJson(nested(65))).toThrow("nested deeper than 64 levels");
  expect(() => readJson("[".repeat(200_000))).toThrow("nested deeper than 64 levels");
  expect(readJson(JSON.stringify({ text: `\\"${"[".repeat(500)}` }))).toHaveProperty("text");
});

it.each(["<html>", "", "{", "42", '"text"', "null"])("%j is no JSON object or list", (text) => {
  expect(() => readJson(text)).toThrow("Its answer is no JSON");
});
