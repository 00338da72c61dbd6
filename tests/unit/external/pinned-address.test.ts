// A name that resolves differently at the second look-up: the connection goes to the checked address.
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { callExternal } from "../../../supabase/functions/_shared/external/call-external.ts";
import type { Resolve } from "../../../supabase/functions/_shared/external/check-address.ts";
import { DialError } from "../../../supabase/functions/_shared/external/dial.ts";
import { exchangePinned } from "../../../supabase/functions/_shared/external/exchange-pinned.ts";
import { type FaultyServer, startFaultyServer } from "../../fixtures/faulty-server.ts";
import { makeNodeDial } from "../../fixtures/node-dial.ts";

const URL_OF_SERVICE = "https://api.example.com/parcels?x=1";
const PUBLIC = "93.184.216.34";
let server: FaultyServer;
beforeAll(async () => {
  server = await startFaultyServer();
});
beforeEach(() => server.received.splice(0));
afterAll(() => server.close());

/** Answers with each list of addresses in turn, like a name server with a lifetime of 0. */
function faultyResolver(...turns: string[][]): { resolve: Resolve; asked: () => number } {
  let asked = 0;
  return { resolve: async () => turns[Math.min(asked++, turns.length - 1)] as string[], asked: () => asked };
}

/** All public addresses are the server's here. */
const network = () => makeNodeDial(() => ({ ip: "127.0.0.1", port: Number(new URL(server.url).port) }));
const post = { method: "POST" as const, headers: { "x-api-key": "secret" }, body: '{"apn":"R1"}' };

it("is looked up once, and the checked address is connected to, for the name", async () => {
  const { resolve, asked } = faultyResolver([PUBLIC], ["127.0.0.1"]);
  const { dial, dialed } = network();
  const exchange = exchangePinned({ allowsLoopback: false, resolve, dial });
  expect(await callExternal(URL_OF_SERVICE, post, 5_000, exchange)).toEqual({ status: 200, text: "{}" });
  expect(asked()).toBe(1);
  expect(dialed).toEqual([{ ip: PUBLIC, port: 443, tlsName: "api.example.com" }]);
  expect(server.received).toMatchObject([
    {
      method: "POST",
      url: "/parcels?x=1",
      body: '{"apn":"R1"}',
      headers: {
        host: "api.example.com",
        "x-api-key": "secret",
        connection: "close",
        "content-length": "12",
      },
    },
  ]);
  // The next call looks again, and is refused.
  await expect(callExternal(URL_OF_SERVICE, post, 5_000, exchange)).rejects.toMatchObject({
    outcome: "blocked",
  });
  expect(dialed).toHaveLength(1);
});

it("uses the next of its addresses if one does not answer, IPv4 first", async () => {
  const { resolve } = faultyResolver(["2606:2800:220:1::1", "93.184.216.35", PUBLIC]);
  const { dial, dialed } = network();
  const exchange = exchangePinned({
    allowsLoopback: false,
    resolve,
    dial: (target, signal) => {
      if (target.ip !== "93.184.216.35") return dial(target, signal);
      dialed.push(target);
      return Promise.reject(new DialError("unreachable", null));
    },
  });
  expect(await callExternal(URL_OF_SERVICE, post, 5_000, exchange)).toMatchObject({ status: 200 });
  expect(dialed.map(({ ip }) => ip)).toEqual(["93.184.216.35", PUBLIC]);
  expect(server.received).toHaveLength(1);
});

it("is not called at all if one of its addresses is private", async () => {
  const { resolve } = faultyResolver([PUBLIC, "169.254.169.254"]);
  const { dial, dialed } = network();
  const call = callExternal(
    URL_OF_SERVICE,
    post,
    5_000,
    exchangePinned({ allowsLoopback: false, resolve, dial }),
  );
  await expect(call).rejects.toMatchObject({ outcome: "blocked", isCharged: false });
  expect(dialed).toEqual([]);
});

it("has a time limit for the look-up too", async () => {
  const exchange = exchangePinned({
    allowsLoopback: false,
    resolve: () => new Promise(() => {}),
    dial: network().dial,
  });
  await expect(callExternal(URL_OF_SERVICE, post, 100, exchange)).rejects.toMatchObject({ outcome: "retry" });
});
