// What every area does with a request for any route: addresses, methods, request ids, headers, errors, log.
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { AppError } from "../../../supabase/functions/_shared/http/app-error.ts";
import { pageFields, pageOf, pagination } from "../../../supabase/functions/_shared/http/pagination.ts";
import {
  accepted,
  created,
  empty,
  list,
  object,
  raw,
} from "../../../supabase/functions/_shared/http/responses.ts";
import { route } from "../../../supabase/functions/_shared/http/route.ts";
import { muteLog } from "./mute-log.ts";
import { areaOf, echo } from "./test-area.ts";

const lines = muteLog();
const thing = z.object({ id: z.string() });
const base = { summary: "Does a thing", permission: "open" } as const;
const throwing = (thrown: unknown) =>
  areaOf([
    route({
      ...base,
      method: "GET",
      path: "/throw",
      response: object(thing),
      run: () => {
        throw thrown;
      },
    }),
  ]);

describe("addresses and methods", () => {
  const ask = areaOf([
    echo("GET", "/"),
    echo("POST", "/"),
    echo("GET", "/{id}", { params: z.object({ id: z.string() }) }),
    echo("PATCH", "/{id}", { params: z.object({ id: z.string() }) }),
    echo("GET", "/special"),
    echo("POST", "/{id}/start", { params: z.object({ id: z.string() }) }),
  ]);

  it.each(["", "/", "/special", "/special/", "/7", "/7/"])(
    "serves GET things%s with or without a slash at the end",
    async (path) => {
      expect((await ask(path)).status).toBe(200);
    },
  );

  it("prefers a fixed address to one with a parameter, in any order of declaration", async () => {
    expect(await (await ask("/special")).json()).toEqual({ success: true, data: {} });
    expect(await (await ask("/a%20b")).json()).toEqual({ success: true, data: { params: { id: "a b" } } });
  });

  it("answers 405 with the existing methods", async () => {
    const response = await ask("/7", { method: "DELETE" });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET, PATCH");
    expect(await response.json()).toMatchObject({
      success: false,
      error: { code: "method_not_allowed", message: "DELETE is not offered here. Use GET or PATCH." },
    });
    expect((await ask("/7/start/", { method: "GET" })).headers.get("allow")).toBe("POST");
  });

  it("answers 404 for an unknown address, in the same envelope", async () => {
    const response = await ask("/7/stop", { method: "POST" });
    expect(response.status).toBe(404);
    const body = await response.json();
    expect(body).toEqual({
      success: false,
      error: {
        code: "not_found",
        message: expect.any(String),
        details: null,
        request_id: response.headers.get("x-request-id"),
      },
      detail: body.error.message,
    });
  });

  it("answers HEAD as GET, without a body", async () => {
    const response = await ask("/special", { method: "HEAD" });
    expect([response.status, await response.text()]).toEqual([200, ""]);
  });

  it("refuses to be built from a table that contradicts itself", () => {
    expect(() => areaOf([echo("GET", "/a"), echo("GET", "/a")])).toThrow("declares GET /a twice");
    const id = z.object({ id: z.string() });
    const lead = z.object({ lead: z.string() });
    expect(() =>
      areaOf([echo("GET", "/{id}", { params: id }), echo("GET", "/{lead}", { params: lead })]),
    ).toThrow("twice");
    expect(() => echo("GET", "/{id}")).toThrow("params must name the path's parameters");
    expect(() => echo("GET", "no-slash")).toThrow("the path must look like");
    expect(() => echo("POST", "/", { body: thing, form: thing })).toThrow("has two bodies");
    expect(() => areaOf([echo("POST", "/", {}, { permission: "twilio_signature" })])).toThrow(
      "no verifyTwilio",
    );
  });
});

describe("answers", () => {
  const ask = areaOf([
    route({ ...base, method: "GET", path: "/object", response: object(thing), run: () => ({ id: "1" }) }),
    route({ ...base, method: "POST", path: "/created", response: created(thing), run: () => ({ id: "1" }) }),
    route({
      ...base,
      method: "POST",
      path: "/accepted",
      response: accepted(thing),
      run: async () => ({ id: "1" }),
    }),
    route({ ...base, method: "DELETE", path: "/empty", response: empty(), run: async () => {} }),
    route({
      ...base,
      method: "GET",
      path: "/list",
      request: { query: z.object(pageFields) },
      response: list(thing),
      run: (_ctx, { query }) => ({ data: [{ id: "1" }], pagination: pagination(pageOf(query), 101) }),
    }),
    route({
      ...base,
      method: "GET",
      path: "/raw",
      response: raw("text/xml", "An empty answer"),
      run: () => new Response("<Response/>", { headers: { "content-type": "text/xml" } }),
    }),
  ]);

  it("have one envelope for each kind", async () => {
    const single = { success: true, data: { id: "1" } };
    const read = async (method: string, path: string) => {
      const response = await ask(path, { method });
      return [response.status, await response.json()];
    };
    expect(await read("GET", "/object")).toEqual([200, single]);
    expect(await read("POST", "/created")).toEqual([201, single]);
    expect(await read("POST", "/accepted")).toEqual([202, single]);
    const pages = {
      page: 3,
      pageSize: 25,
      total: 101,
      totalPages: 5,
      total_is_estimate: false,
      next_cursor: null,
    };
    const third = { success: true, data: [{ id: "1" }], pagination: pages };
    expect(await read("GET", "/list?page=3&limit=25")).toEqual([200, third]);
    expect(await read("GET", "/list?skip=50&limit=25")).toEqual([200, third]);
  });

  it("are empty if there is nothing to return, and unchanged if a route answers no JSON", async () => {
    const nothing = await ask("/empty", { method: "DELETE" });
    expect([nothing.status, await nothing.text()]).toEqual([204, ""]);
    const xml = await ask("/raw");
    expect([xml.headers.get("content-type"), await xml.text()]).toEqual(["text/xml", "<Response/>"]);
  });

  it("carry security headers, errors too", async () => {
    for (const path of ["/object", "/raw", "/nowhere"]) {
      const { headers } = await ask(path);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("content-security-policy")).toContain("default-src 'none'");
      expect(headers.get("strict-transport-security")).toMatch(/^max-age=\d{8}/);
    }
  });
});

describe("request ids", () => {
  const ask = areaOf([echo("GET", "/")]);
  const idFor = async (given?: string) =>
    (await ask("/", given === undefined ? {} : { headers: { "x-request-id": given } })).headers.get(
      "x-request-id",
    );

  it("are made if the caller sends none, a new one each time", async () => {
    const [one, two] = [await idFor(), await idFor()];
    expect(one).toMatch(/^[0-9a-f-]{36}$/);
    expect(two).not.toBe(one);
  });

  it("are the caller's if it sends a plain one", async () => {
    expect(await idFor("trace-0123.abc")).toBe("trace-0123.abc");
  });

  it.each(["short", "has spaces in it", "x".repeat(65), "a=b;c=d\tforged"])(
    "are ours where the caller's is odd: %j",
    async (given) => {
      expect(await idFor(given)).toMatch(/^[0-9a-f-]{36}$/);
    },
  );
});

describe("errors", () => {
  it("have the text of the use case, with Retry-After if they name a time", async () => {
    const error = new AppError("rate_limited", "Too many at once: wait a little.", { retry_after: 2.4 });
    const response = await throwing(error)("/throw");
    expect(response.status).toBe(429);
    expect(response.headers.get("retry-after")).toBe("3");
    expect(await response.json()).toMatchObject({
      error: { code: "rate_limited", details: { retry_after: 2.4 } },
    });
  });

  it.each([
    ["an Error", new Error("connect ECONNREFUSED postgres://worker:hunter2@db:5432")],
    ["a text", "hunter2"],
    ["nothing", undefined],
    ["an object", { secret: "hunter2" }],
    [
      "an unknown error of Postgres",
      { code: "XX000", message: "hunter2", details: "hunter2", hint: "hunter2" },
    ],
  ])("hide %s that nobody expected, and log it under the request id", async (_kind, thrown) => {
    const response = await throwing(thrown)("/throw");
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(text).not.toContain("hunter2");
    const { error } = JSON.parse(text);
    expect(error).toMatchObject({ code: "internal_error", request_id: response.headers.get("x-request-id") });
    expect(lines.find((line) => line.startsWith("error: internal_error"))).toContain(error.request_id);
    expect(lines.join()).not.toContain("worker:hunter2");
  });

  it("of the database become the answer for their SQLSTATE", async () => {
    const raised = {
      code: "PT409",
      message: "It runs already.",
      details: '{"state":"running"}',
      hint: "invalid_state",
    };
    const response = await throwing(raised)("/throw");
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({
      error: { code: "invalid_state", message: "It runs already.", details: { state: "running" } },
    });
  });
});

describe("the log", () => {
  it("has one line a request, with the declared address instead of the real one", async () => {
    const params = z.object({ e164: z.string() });
    const ask = areaOf([
      echo("GET", "/{e164}", { params, query: z.object({ search: z.string().optional() }) }),
    ]);
    await ask("/+15125550100?search=5125550100", { headers: { "x-request-id": "request-1" } });
    expect(lines).toEqual([
      expect.stringMatching(/^info: GET \/things\/\{e164\} 200 ms=\d+ area=things request_id=request-1$/),
    ]);
    await ask("/nowhere/+15125550100");
    expect(lines.join()).not.toContain("5125550100");
  });

  it("contains nothing from a request", async () => {
    const ask = areaOf([echo("POST", "/", { body: z.unknown() })]);
    await ask("/", {
      method: "POST",
      body: '{"token":"hunter2"}',
      headers: { authorization: "Bearer hunter2" },
    });
    expect(lines.join()).not.toContain("hunter2");
  });
});
