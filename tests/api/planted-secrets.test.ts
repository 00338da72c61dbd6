// Secrets of a service, planted in URL, query, request and header, are searched for everywhere a viewer can read.

import { waitFor } from "local-supabase/testing/wait-for";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { callFunction } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { type FaultyServer, startFaultyServer } from "../fixtures/faulty-server.ts";
import { type Heard, joinChannel } from "../fixtures/join-channel.ts";
import { fictionalPhoneAt } from "../fixtures/list-phones.ts";

const stack = inject("stack");
/** Each is in another place. All begin alike, so that one search finds all. */
const planted = {
  path: "planted-in-path",
  query: "planted-in-query",
  body: "planted-in-body",
  header: "planted-in-header",
};
let org: TestOrg;
let server: FaultyServer;
let heard: Heard[] = [];
let service: string;
beforeAll(async () => {
  server = await startFaultyServer();
  org = await createOrg(stack, { roles: ["viewer"], numbers: 0 });
  heard = await joinChannel(org.users.viewer as never, `org:${org.id}`);
});
afterAll(() => Promise.all([org?.close(), server.close()]));

const call = (method: string, path: string, body?: unknown, who: "admin" | "viewer" = "admin") =>
  callFunction(stack, org.users[who], method, path, body);

/** A server that repeats what it was sent: as an error text, and where a state should be. */
function echo(): void {
  server.behave((request, response) => {
    const said = `${request.headers["x-api-key"]} ${request.url} ${request.body}`;
    const isThird = server.received.length % 3 === 0;
    response.writeHead(200, { "content-type": "application/json" });
    response.end(
      isThird ? said : JSON.stringify({ parcel: { state: request.headers["x-api-key"], county: said } }),
    );
  });
}

it("a service that repeats what it was sent is called, fails and raises its alert", async () => {
  echo();
  const added = await call("POST", "/leads/enrichment-services", {
    kind: "property",
    name: "Echo",
    url: `${server.url}/${planted.path}?key=${planted.query}`,
    request: { apn: "{apn}", token: planted.body },
    field_map: { state: "parcel.state", county: "parcel.county" },
    secret: `Bearer ${planted.header}`,
    secret_header: "x-api-key",
    is_enabled: true,
    timeout_ms: 1_000,
  });
  expect([added.status, added.body.error]).toEqual([201, undefined]);
  service = added.body.data.id;
  await call("PATCH", `/leads/enrichment-services/${service}`, {
    url: `${server.url}/${planted.path}?k=${planted.query}`,
  });
  const leads: string[] = [];
  for (let i = 0; i < 22; i++) {
    const { body } = await call("POST", "/leads", {
      primary_phone: fictionalPhoneAt(3000 + i),
      properties: [{ apn: `R-${i}`, county: "Harris", state: "TX" }],
    });
    leads.push(body.data.id);
  }
  const asked = await call("POST", `/leads/enrichment-services/${service}/requests`, { lead_ids: leads });
  expect(asked.status).toBe(202);
  await waitFor(
    async () =>
      (await org.sql`select 1 from public.alerts where org_id = ${org.id} and kind = 'enrichment_failing'`)
        .length > 0,
  );
  // The server got them, so they could have been found.
  const told = JSON.stringify(server.received);
  for (const value of Object.values(planted)) expect(told).toContain(value);
});

it("no secret is in any table that a viewer can read, nor in one that an admin can, except the service's own row", async () => {
  const tables = await org.sql<{ name: string }[]>`
    select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind in ('r', 'v', 'm', 'p') and has_any_column_privilege('authenticated', c.oid, 'select') order by 1`;
  expect(tables.length).toBeGreaterThan(30);
  const found: string[] = [];
  for (const who of ["viewer", "admin"] as const) {
    const user = org.users[who];
    for (const { name } of tables) {
      const [row] = await org.sql.begin(async (tx) => {
        const columns = await tx`
          select string_agg(quote_ident(a.attname), ', ') as list from pg_attribute a
          where a.attrelid = ${`public.${name}`}::regclass and a.attnum > 0 and not a.attisdropped
            and has_column_privilege('authenticated', a.attrelid, a.attnum, 'select')`;
        await tx`select set_config('request.jwt.claims', ${JSON.stringify({ sub: user?.id, role: "authenticated" })}, true)`;
        await tx.unsafe("set local role authenticated");
        return tx.unsafe(
          `select count(*)::int as n from (select ${columns[0]?.list} from public.${name}) x where to_jsonb(x)::text like '%planted-in-%'`,
        );
      });
      if (row?.n > 0) found.push(`${who} ${name}`);
    }
  }
  expect(found).toEqual(["admin enrichment_services"]);
});

it("nor in answers of functions to a viewer, nor in broadcasts, nor in the log", async () => {
  const answers = await Promise.all(
    [
      "/leads/enrichment-services",
      "/settings/alerts",
      "/settings/organisation",
      "/leads",
      "/leads/jobs",
      "/leads/lookups",
    ].map((path) => call("GET", path, undefined, "viewer")),
  );
  expect(answers[0]?.body.data[0]).toMatchObject({
    url: null,
    request: null,
    has_secret: true,
    name: "Echo",
  });
  expect(JSON.stringify(answers.map(({ body }) => body))).not.toContain("planted-in-");
  await waitFor(async () =>
    heard.some(({ payload }) => JSON.stringify(payload).includes("enrichment_failing")),
  );
  expect(JSON.stringify(heard)).not.toContain("planted-in-");
  const log = await (await fetch(`${stack.CONTROL_URL}/log`)).text();
  expect(log).toContain("enrichments failed");
  expect(log).not.toContain("planted-in-");
});

it("nor in what an admin sees of a test call, whose answer repeats it", async () => {
  const { status, body } = await call("POST", `/leads/enrichment-services/${service}/test`, {
    parcel: { apn: "R-1", county: "Harris", state: "TX" },
  });
  expect([status, body.data.is_ok]).toEqual([200, false]);
  expect(JSON.stringify(body)).not.toMatch(/planted-in-(query|body|header)/);
});
