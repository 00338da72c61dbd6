// A file larger than Storage's plan allows, such as 50 MB on the Free plan. Storage here has no limit for streams, so a proxy
// that
// answers as the hosted one does is put before it.
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, expect, inject, it, vi } from "vitest";
import { WebSocket } from "ws";
import leads from "../../supabase/functions/leads/index.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { fictionalPhoneAt } from "../fixtures/list-phones.ts";

const stack = inject("stack");
let front: Server;
let refusal: { status: number; body: object };
let org: TestOrg;

beforeAll(async () => {
  front = createServer(async (request, response) => {
    const body = await readAll(request);
    if (request.url?.startsWith("/storage/v1/object/imports/") && request.method === "POST") {
      response.writeHead(refusal.status, { "content-type": "application/json" });
      return void response.end(JSON.stringify(refusal.body));
    }
    const answer = await fetch(`${stack.API_URL}${request.url}`, {
      method: request.method as string,
      headers: [...Object.entries(request.headers)].filter(
        ([name]) => !["host", "connection", "content-length", "transfer-encoding"].includes(name),
      ) as [string, string][],
      ...(body.length > 0 && { body: new Uint8Array(body) }),
    });
    const type = answer.headers.get("content-type") ?? "application/json";
    response.writeHead(answer.status, { "content-type": type }).end(await answer.text());
  });
  await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
  for (const [name, value] of Object.entries(stack.FUNCTIONS_ENV)) vi.stubEnv(name, value);
  // The project has another URL than its tokens name, as with a custom domain.
  vi.stubEnv("SUPABASE_URL", `http://127.0.0.1:${(front.address() as AddressInfo).port}`);
  vi.stubEnv("JWT_ISSUER", `${stack.API_URL}/auth/v1`);
  // supabase-js needs a WebSocket; Deno has one, Node 20 has none.
  vi.stubGlobal("WebSocket", WebSocket);
  for (const level of ["info", "error"] as const) vi.spyOn(console, level).mockImplementation(() => {});
  org = await createOrg(stack, { numbers: 0 });
});
afterAll(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  await org?.close();
  front.closeAllConnections();
  front.close();
});
afterEach(async () => {
  expect(await org.sql`select id from public.imports where org_id = ${org.id}`).toEqual([]);
});

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function execute() {
  const response = await leads.fetch(
    new Request("http://function.local/leads/import/execute", {
      method: "POST",
      headers: { authorization: `Bearer ${org.admin.token}`, "content-type": "text/csv" },
      body: `Name,Phone\nRosa,${fictionalPhoneAt(0)}\n`,
    }),
  );
  const { error } = await response.json();
  return { status: response.status, code: error.code, message: error.message };
}

// Over HTTP hosted Storage says 400, and 413 in the body.
it.each([400, 413])(
  "is payload_too_large with the remedy, when Storage answers %i for its size",
  async (status) => {
    const message = "The object exceeded the maximum allowed size";
    refusal = { status, body: { statusCode: "413", error: "Payload too large", message } };
    expect(await execute()).toEqual({
      status: 413,
      code: "payload_too_large",
      message:
        "The file is larger than this project's Storage takes. Split it and import the parts one by one.",
    });
  },
);

it("is try_again when Storage fails for another reason", async () => {
  refusal = { status: 503, body: { statusCode: "503", error: "Unavailable", message: "no connection" } };
  expect(await execute()).toMatchObject({ status: 503, code: "try_again" });
});
