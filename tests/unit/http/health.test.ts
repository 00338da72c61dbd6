// /health: whether the area and the database answer; many callers share one call of the database.
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { waitFor } from "local-supabase/testing/wait-for";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ProbeConnection } from "../../../supabase/functions/_shared/http/health.ts";
import { muteLog } from "./mute-log.ts";
import { type Ask, areaOf } from "./test-area.ts";

/** A stand-in for REST: holds every call until the test releases it. */
let rest: Server;
let held: ServerResponse[] = [];
let ask: Ask;

const lines = muteLog();

beforeAll(async () => {
  rest = createServer((_request, response) => void held.push(response));
  await new Promise<void>((resolve) => rest.listen(0, "127.0.0.1", resolve));
  ask = areaOf([], { SUPABASE_URL: `http://127.0.0.1:${(rest.address() as AddressInfo).port}` });
});
beforeEach(() => {
  held = [];
});
afterAll(() => {
  rest.closeAllConnections();
  rest.close();
});

function answerAll(status: number, body: object): void {
  for (const response of held.splice(0)) response.writeHead(status).end(JSON.stringify(body));
}

describe("health", () => {
  it("asks the database once for all callers at the same time, and again for later ones", async () => {
    const crowd = Array.from({ length: 20 }, () => ask("/health"));
    await waitFor(async () => held.length > 0);
    expect(held).toHaveLength(1);
    answerAll(401, { code: "42501", message: "permission denied for table users" });
    expect((await Promise.all(crowd)).map(({ status }) => status)).toEqual(Array(20).fill(200));

    const later = ask("/health");
    await waitFor(async () => held.length > 0);
    answerAll(503, { code: "PGRST001", message: "no connection" });
    const answer = await later;
    expect(answer.status).toBe(503);
    expect((await answer.json()).error).toMatchObject({
      code: "database_unavailable",
      details: { database: "unreachable" },
    });
  });
});

describe("health of an area with a connection of its own", () => {
  const askWith = (probeConnection: ProbeConnection) =>
    areaOf(
      [],
      { SUPABASE_URL: `http://127.0.0.1:${(rest.address() as AddressInfo).port}` },
      { probeConnection },
    );
  const answer = async (asked: Promise<Response>) => {
    await waitFor(async () => held.length > 0);
    answerAll(401, { code: "42501", message: "permission denied for table users" });
    return asked;
  };

  it("reports how long the database took, and does not connect for each caller", async () => {
    let made = 0;
    const own = askWith(async () => {
      made += 1;
      return 7;
    });
    for (let time = 0; time < 3; time++) {
      const response = await answer(own("/health"));
      expect([response.status, (await response.json()).data.database_connection_ms]).toEqual([200, 7]);
    }
    expect(made).toBe(1);
  });

  it("is a failure if none can be made; only the log has the reason", async () => {
    const own = askWith(async () => {
      throw new Error("password authentication failed for user worker.abc");
    });
    const response = await answer(own("/health"));
    const text = await response.text();
    expect([response.status, JSON.parse(text).error.code]).toEqual([503, "database_unavailable"]);
    expect(text).not.toContain("password");
    expect(lines.join("\n")).toMatch(/^error: .*password authentication failed/m);
  });
});
