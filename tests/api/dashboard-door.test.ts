// The door of the existing dashboard as a whole: what it says about itself, whom it lets in, its errors, and its one document.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BaseResolver, createConfig, lintDocument, makeDocumentFromString } from "@redocly/openapi-core";
import createClient from "openapi-fetch";
import openapiTS, { astToString } from "openapi-typescript";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { readApiAreas } from "../../scripts/generate/read-api-areas.ts";
import { PROJECT_DIR } from "../../scripts/tools/run-tool.ts";
import { isRole } from "../../supabase/functions/_shared/http/roles.ts";
import { callFunction } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { postWebhook } from "../fixtures/post-webhook.ts";

const stack = inject("stack");
const BASE = `${stack.FUNCTIONS_URL}/api/v1`;
const MACHINES = ["worker", "background-worker"];

let org: TestOrg;
beforeAll(async () => {
  org = await createOrg(stack, { numbers: 1, roles: ["viewer"] });
});
afterAll(() => org.close());

describe("the door", () => {
  it("says what it is, and whether it works", async () => {
    const hello = await (await fetch(BASE)).json();
    expect(hello).toEqual({
      message: "SMS Control Tower",
      version: expect.any(String),
      docs: "/functions/v1/api/v1/openapi.json",
      api_v1: "/functions/v1/api/v1",
    });
    const health = await (await fetch(`${BASE}/health`)).json();
    expect(health).toMatchObject({ status: "ok", version: hello.version, database: "reachable" });
    expect(health.timestamp).toEqual(expect.any(String));
  });

  it("serves every route of every area that is not for a machine, with its permission, and each PATCH as a PUT", async () => {
    const areas = await readApiAreas();
    const door = areas.find(({ area }) => area === "api");
    const served = new Map(door?.routes.map((route) => [`${route.method} ${route.path}`, route.permission]));
    const missing = areas
      .filter(({ area }) => area !== "api" && !MACHINES.includes(area))
      .flatMap(({ area, routes }) =>
        routes
          .filter(({ path }) => path !== "/health" && path !== "/openapi.json")
          .flatMap((route) => {
            const path = `/v1/${area === "twilio" ? "webhooks/twilio" : area}${route.path === "/" ? "" : route.path}`;
            const methods = route.method === "PATCH" ? ["PATCH", "PUT"] : [route.method];
            return methods.map((method) => ({ name: `${method} ${path}`, permission: route.permission }));
          }),
      )
      .filter(({ name, permission }) => served.get(name) !== permission);
    expect(missing).toEqual([]);
    expect(served.size).toBeGreaterThan(100);
  });

  it("lets nobody in anywhere who is not signed in, and nobody beyond their role", async () => {
    const door = (await readApiAreas()).find(({ area }) => area === "api");
    const routes = (door?.routes ?? []).filter(({ permission }) => isRole(permission));
    const ask = async (method: string, path: string, token?: string) => {
      const id = "00000000-0000-4000-8000-000000000000";
      const answer = await callFunction(
        stack,
        token === undefined ? undefined : { token },
        method,
        `/api${path.replace(/\{\w+\}/g, id)}`,
      );
      return `${answer.status} ${answer.body?.error?.name}`;
    };
    const told = await Promise.all(
      routes.map(async ({ method, path, permission }) => [
        await ask(method, path),
        await ask(method, path, "nonsense"),
        permission === "viewer" ? "403 forbidden" : await ask(method, path, org.users.viewer?.token),
      ]),
    );
    expect([...new Set(told.map((answers) => answers.join(", ")))]).toEqual([
      "401 missing_token, 401 token_invalid, 403 forbidden",
    ]);
  });

  it("writes errors as the dashboard reads them", async () => {
    const missing = await callFunction(stack, org.admin, "GET", "/api/v1/shoes");
    expect([missing.status, missing.body]).toEqual([
      404,
      {
        success: false,
        error: {
          type: "http_error",
          code: 404,
          name: "not_found",
          message: expect.any(String),
          details: null,
          request_id: expect.any(String),
        },
        detail: missing.body.error.message,
      },
    ]);
    expect((await callFunction(stack, org.admin, "GET", "/api")).status).toBe(404);
    const method = await callFunction(stack, org.admin, "DELETE", "/api/v1/leads");
    expect([method.status, method.headers.get("allow")]).toEqual([405, "GET, POST"]);
    const id = await callFunction(stack, org.admin, "GET", "/api/v1/leads/NaN");
    expect([id.status, id.body.detail]).toEqual([400, expect.stringContaining("invalid")]);
    const number = await callFunction(stack, org.admin, "GET", "/api/v1/phone-numbers/NaN");
    expect(number.status).toBe(422);
    const json = await fetch(`${BASE}/leads`, {
      method: "POST",
      headers: { authorization: `Bearer ${org.admin.token}`, "content-type": "application/json" },
      body: "{",
    });
    expect([json.status, (await json.json()).error.name]).toEqual([400, "malformed_json"]);
  });

  it("answers the dashboard's preflight, and lets its origin read the answer", async () => {
    const headers = { origin: "http://localhost:3000" };
    const preflight = await fetch(`${BASE}/leads/`, { method: "OPTIONS", headers });
    expect(preflight.headers.get("access-control-allow-methods")).toContain("PUT");
    expect(preflight.headers.get("access-control-allow-headers")).toContain("authorization");
    const refused = await fetch(`${BASE}/leads/`, { headers });
    expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([
      401,
      headers.origin,
    ]);
  });

  it("gives Twilio's webhooks to the same handlers, signed over the address that was called", async () => {
    const from = "+15125550188";
    const send = (path: string) =>
      postWebhook(org, {
        path: path as "/twilio/inbound",
        fields: {
          MessageSid: `SM${"7".repeat(32)}`,
          From: from,
          To: org.numbers[0]?.e164 as string,
          Body: "Hello",
        },
      });
    const answer = await send("/api/v1/webhooks/twilio/inbound");
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining("<Response/>")]);
    const stored =
      await org.sql`select content from public.messages where org_id = ${org.id} and from_number = ${from}`;
    expect([...stored]).toEqual([{ content: "Hello" }]);
    const unsigned = await fetch(`${BASE}/webhooks/twilio/status`, {
      method: "POST",
      body: new URLSearchParams({}),
    });
    expect(unsigned.status).toBe(403);
  });
});

describe("the document", () => {
  it("passes a linter's recommended rules", async () => {
    const text = await (await fetch(`${BASE}/openapi.json`)).text();
    const config = await createConfig({
      extends: ["recommended"],
      // A fixed word wins over an id in the same place, and no id is a word. The project has no licence to name.
      rules: { "no-ambiguous-paths": "off", "info-license": "off" },
    });
    const problems = await lintDocument({
      document: makeDocumentFromString(text, "openapi.json"),
      externalRefResolver: new BaseResolver(),
      config,
    });
    const told = problems.map(({ severity, ruleId, message, location }) =>
      [severity, ruleId, message, location[0]?.pointer].join(" "),
    );
    expect([told.length, ...told.slice(0, 10)]).toEqual([0]);
  });

  it("gives a client that type-checks and works", async () => {
    const document = await (await fetch(`${BASE}/openapi.json`)).json();
    const types = astToString(await openapiTS(document));
    const folder = await mkdtemp(join(tmpdir(), "client-"));
    try {
      await writeFile(join(folder, "api.d.ts"), types);
      const use = `
        import createClient from "openapi-fetch";
        import type { paths } from "./api.d.ts";
        const client = createClient<paths>({ baseUrl: "http://localhost" });
        const { data, error } = await client.GET("/api/v1/leads", { params: { query: { limit: 2 } } });
        const names: string[] | undefined = data?.data.map((lead) => lead.firstName);
        const message: string | undefined = error?.detail;
        await client.POST("/api/v1/templates", { body: { name: "A", content: "B", category: "initial" } });
        // @ts-expect-error a name is a text
        await client.POST("/api/v1/templates", { body: { name: 1, content: "B", category: "initial" } });
        export { message, names };`;
      await writeFile(join(folder, "use.ts"), use);
      const program = ts.createProgram([join(folder, "use.ts")], {
        strict: true,
        noEmit: true,
        skipLibCheck: false,
        allowImportingTsExtensions: true,
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.ESNext,
        moduleResolution: ts.ModuleResolutionKind.Bundler,
        types: [],
        lib: ["lib.es2022.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
        baseUrl: PROJECT_DIR,
        paths: { "openapi-fetch": ["node_modules/openapi-fetch"] },
      });
      const found = ts.getPreEmitDiagnostics(program);
      expect(
        found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " ")).slice(0, 5),
      ).toEqual([]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    // biome-ignore lint/suspicious/noExplicitAny: the generated types exist only while this test runs
    const client = createClient<any>({
      baseUrl: stack.FUNCTIONS_URL,
      headers: { authorization: `Bearer ${org.admin.token}` },
    });
    const created = await client.POST("/api/v1/leads", {
      body: { phone1: "(512) 555-0142", first_name: "Gen" },
    });
    expect(created.response.status).toBe(201);
    const read = await client.GET("/api/v1/leads/{id}", { params: { path: { id: created.data.data.id } } });
    expect(read.data).toMatchObject({ success: true, firstName: "Gen" });
    const refused = await client.POST("/api/v1/leads", { body: { phone1: "1" } });
    expect(refused.error).toMatchObject({ success: false, error: { code: 422 } });
  });
});

it("the pages that show the document are served by the platform", async () => {
  const page = await fetch(`${stack.API_URL}/api-docs`);
  expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
  const html = await page.text();
  expect(html).toContain('spec-url="/functions/v1/api/v1/openapi.json"');
  expect(html).not.toMatch(/https?:/);
  const script = await fetch(`${stack.API_URL}/api-docs/explorer.js`);
  expect([script.status, Number(script.headers.get("content-length")) > 100_000]).toEqual([200, true]);
  await script.body?.cancel();
});
