// The three ways functions reach the database, on the running platform: as the user, with the secret key, directly.
import { randomUUID } from "node:crypto";
import { createClient } from "@supabase/supabase-js";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import ws from "ws";
import { dataOrThrow } from "../../supabase/functions/_shared/db/data-or-throw.ts";
import { connectDirect } from "../../supabase/functions/_shared/db/direct.ts";
import { createUserClient, type UserClient } from "../../supabase/functions/_shared/db/user-client.ts";
import { readEnvironment } from "../../supabase/functions/_shared/environment/environment.ts";
import { toAppError } from "../../supabase/functions/_shared/http/to-app-error.ts";
import { createServiceClient } from "../../supabase/functions/_shared/storage/service-client.ts";

const stack = inject("stack");
const env = readEnvironment((name) => stack.FUNCTIONS_ENV[name]);

let userId = "";
let db: UserClient;
beforeAll(async () => {
  // supabase-js looks for one when it is made, and Node 20 has none of its own.
  vi.stubGlobal("WebSocket", globalThis.WebSocket ?? ws);
  const auth = createClient(stack.API_URL, stack.PUBLISHABLE_KEY, { auth: { persistSession: false } }).auth;
  const { data } = await auth.signUp({ email: `${randomUUID()}@example.com`, password: randomUUID() });
  userId = data.user?.id ?? "";
  db = createUserClient(env, data.session?.access_token ?? "");
});
afterAll(() => {
  vi.unstubAllGlobals();
});

const thrownBy = async (work: PromiseLike<unknown>) =>
  toAppError(await Promise.resolve(work).catch((error) => error));

describe("the user's client", () => {
  it("sees the user's own organisation and nobody else's", async () => {
    expect(dataOrThrow(await db.from("users").select("id"))).toEqual([{ id: userId }]);
    expect(dataOrThrow(await db.from("orgs").select("id"))).toHaveLength(1);
  });

  it("passes on errors raised in SQL: status, code word, sentence and details", async () => {
    const campaign = randomUUID();
    const start = async () => dataOrThrow(await db.rpc("start_campaign", { p_campaign_id: campaign }));
    expect(await thrownBy(start())).toMatchObject({
      status: 404,
      code: "not_found",
      message: expect.stringContaining("campaign"),
      details: { campaign_id: campaign },
    });
  });

  it("is told of a forbidden column, a wrong value and a broken rule in the API's words", async () => {
    const set = (changes: Record<string, unknown>) => async () =>
      dataOrThrow(
        await db
          .from("orgs")
          .update(changes as never)
          .neq("id", randomUUID()),
      );
    expect(await thrownBy(set({ created_at: "2026-01-01" })())).toMatchObject({
      status: 403,
      code: "forbidden",
    });
    expect(await thrownBy(set({ cooldown_days: "soon" })())).toMatchObject({
      status: 422,
      code: "invalid_input",
    });
    expect(await thrownBy(set({ cooldown_days: -1 })())).toMatchObject({
      status: 422,
      code: "invalid_input",
    });
    expect(await thrownBy(set({ name: null })())).toMatchObject({
      details: { errors: [{ field: "name", message: "name is required." }] },
    });
  });

  it("is refused by REST itself with a token that REST does not believe", async () => {
    const stranger = createUserClient(env, "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYXV0aGVudGljYXRlZCJ9.AAAA");
    const read = async () => dataOrThrow(await stranger.from("users").select("id"));
    expect((await thrownBy(read())).status).toBe(401);
  });
});

describe("the secret key's client", () => {
  it("sees every organisation", async () => {
    const orgs = dataOrThrow(await createServiceClient(env).from("users").select("id").eq("id", userId));
    expect(orgs).toEqual([{ id: userId }]);
  });
});

describe("the direct connection", () => {
  it("has the worker's role and name, is one for the isolate, and passes on errors raised in SQL", async () => {
    const sql = connectDirect(env, "database-clients-test");
    expect(connectDirect(env, "database-clients-test")).toBe(sql);
    const [row] = await sql`select current_user, current_setting('application_name') as name`;
    expect(row).toEqual({ current_user: "worker", name: "database-clients-test" });
    const raised = sql`do $$ begin
      raise exception using errcode = 'PT409', message = 'It runs.', hint = 'invalid_state', detail = '{"status":"running"}';
    end $$`;
    expect(await thrownBy(raised)).toMatchObject({
      status: 409,
      code: "invalid_state",
      message: "It runs.",
      details: { status: "running" },
    });
    await sql.end();
  });

  it("is refused without WORKER_DB_URL, although the platform gives a URL of postgres", () => {
    const variables: Record<string, string> = { SUPABASE_DB_URL: stack.DB_URL };
    const connect = () =>
      connectDirect(
        readEnvironment((name) => variables[name]),
        "refused",
      );
    expect(connect).toThrow(/WORKER_DB_URL is not set\. Set it to .*docs\/deploy\.md/);
    for (const role of ["postgres", "postgres.abcdefghijklmnopqrst", "worker2", ""]) {
      const url = new URL(stack.DB_URL);
      url.username = role;
      variables.WORKER_DB_URL = url.href;
      expect(connect).toThrow("WORKER_DB_URL logs in as another role than worker");
    }
    // Such an error is logged: it must not quote the URL.
    variables.WORKER_DB_URL = "postgres://worker:sec/ret@db.example.com/postgres";
    expect(connect).toThrow(/^(?!.*sec\/ret).*WORKER_DB_URL is not a URL: write special characters/);
  });

  it("reports if the database can't be reached", async () => {
    const away = connectDirect(
      readEnvironment((name) => ({ WORKER_DB_URL: "postgres://worker.project:x@127.0.0.1:9/x" })[name]),
      "away",
    );
    expect(await thrownBy(away`select 1`)).toMatchObject({ status: 503, code: "database_unavailable" });
    await away.end();
  });
});
