// Which origins a browser may call from.
import { corsHeaders } from "@supabase/supabase-js/cors";
import { describe, expect, it } from "vitest";
import { muteLog } from "./mute-log.ts";
import { areaOf, echo } from "./test-area.ts";

const lines = muteLog();

const routes = () => [echo("GET", "/")];
const from = (origin: string, init: RequestInit = {}) => ({ ...init, headers: { ...init.headers, origin } });
const granted = (response: Response) => response.headers.get("access-control-allow-origin");

describe("an answer", () => {
  it("names http://localhost:3000 if nothing is set, and no other origin", async () => {
    const ask = areaOf(routes());
    expect(granted(await ask("/", from("http://localhost:3000")))).toBe("http://localhost:3000");
    expect(granted(await ask("/", from("http://localhost:3001")))).toBeNull();
    expect(granted(await ask("/"))).toBeNull();
  });

  it.each([
    ["https://app.example.com", true],
    ["https://admin.example.com:8443", true],
    ["https://north.brand.example.org", true],
    ["https://NORTH-2.brand.example.org", true],
    ["http://app.example.com", false],
    ["https://app.example.com.evil.test", false],
    ["https://evil.test/.brand.example.org", false],
    ["https://a.b.brand.example.org", false],
    ["https://brand.example.org", false],
    ["https://.brand.example.org", false],
    ["http://north.brand.example.org", false],
    ["https://north.brand.example.org:444", false],
    ["https://northbrand.example.org", false],
    ["null", false],
  ])("to %s with several origins and a wildcard allowed: %s", async (origin, allowed) => {
    const list = "https://app.example.com/, https://admin.example.com:8443,https://*.brand.example.org";
    const response = await areaOf(routes(), { ALLOWED_ORIGINS: list })("/", from(origin));
    expect(response.status).toBe(200);
    expect(granted(response)).toBe(allowed ? origin : null);
    expect(response.headers.get("vary")).toContain("Origin");
  });

  it("lets scripts read the request id and Retry-After, also of errors", async () => {
    const response = await areaOf(routes())("/nowhere", from("http://localhost:3000"));
    expect(response.status).toBe(404);
    expect(granted(response)).toBe("http://localhost:3000");
    expect(response.headers.get("access-control-expose-headers")).toBe("x-request-id, retry-after");
  });
});

describe("a list of origins that can't be right", () => {
  it.each([
    "*",
    "https://*",
    "https://*.com",
    "https://a.*.example.com",
    "https://*x.example.com",
    "app.example.com",
  ])("%s lets nobody in and is named in the log", async (entry) => {
    const ask = areaOf(routes(), { ALLOWED_ORIGINS: `${entry}, https://app.example.com` });
    for (const origin of ["https://evil.com", "https://x.example.com", "https://a.b.example.com", entry]) {
      expect(granted(await ask("/", from(origin)))).toBeNull();
    }
    expect(granted(await ask("/", from("https://app.example.com")))).toBe("https://app.example.com");
    const warnings = lines.filter((line) => line.startsWith("warn"));
    expect(warnings).toEqual([expect.stringContaining(`ALLOWED_ORIGINS: ${entry} is no origin`)]);
  });
});

describe("a preflight", () => {
  const preflight = (origin: string) =>
    areaOf(routes())(
      "/",
      from(origin, { method: "OPTIONS", headers: { "access-control-request-method": "PATCH" } }),
    );

  it("allows our methods and every header supabase-js sends", async () => {
    const response = await preflight("http://localhost:3000");
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-methods")).toBe("GET, POST, PUT, PATCH, DELETE");
    const allowed = response.headers.get("access-control-allow-headers")?.split(", ");
    expect(allowed).toEqual(
      expect.arrayContaining(corsHeaders["Access-Control-Allow-Headers"]?.split(", ") ?? ["nothing"]),
    );
  });

  it("from another origin allows nothing", async () => {
    const { headers } = await preflight("https://evil.test");
    expect([...headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
  });
});
