// REST through the gateway: rights exactly as migrated, the request's own identity, and never an HTML page as an answer.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../src/testing/wait-for.ts";
import { type GatewayServer, keys, signToken, startGatewayServer } from "./start-gateway-server.ts";

let server: GatewayServer;
const user = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa";

beforeAll(async () => {
  server = await startGatewayServer();
});
afterAll(() => server?.stop());

const rest = (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
  fetch(`${server.url}/rest/v1${path}`, { ...init, headers: { apikey: keys.publishable, ...headers } });

describe("rights", () => {
  it("refuses a table without a grant, even if its policies would allow it", async () => {
    const { client } = await server.person();
    const asUser = await client.from("ungranted").select();
    expect([asUser.status, asUser.error?.code]).toEqual([403, "42501"]);
    const asAnon = await server.client().from("ungranted").select();
    expect([asAnon.status, asAnon.error?.code]).toEqual([401, "42501"]);
    const asService = await server.client(keys.secret).from("ungranted").select();
    expect([asService.status, asService.error?.code]).toEqual([403, "42501"]);
  });

  it("gives no role rights that no migration granted", async () => {
    const { client } = await server.person();
    await client.from("notes").select();
    await client.storage.from("papers").list();
    const granted = await server.sql`
      select table_name, grantee, privilege_type from information_schema.role_table_grants
      where table_schema = 'public' and grantee in ('anon', 'authenticated', 'service_role') order by 1, 2, 3`;
    expect(granted.map((row) => Object.values(row).join(" "))).toEqual([
      "checked anon INSERT",
      "checked anon SELECT",
      "lists anon INSERT",
      "lists anon SELECT",
      "notes authenticated INSERT",
      "notes authenticated SELECT",
      "numbers anon SELECT",
      "numbers service_role SELECT",
    ]);
    const defaults = await server.sql`select defaclnamespace::regnamespace::text from pg_default_acl`;
    expect(defaults).toHaveLength(0);
  });

  it("shows people their own rows and lets them write no others", async () => {
    const ana = await server.person();
    const ben = await server.person();
    const written = await ana.client.from("notes").insert({ body: "of Ana" }).select().single();
    expect(written.data).toMatchObject({ owner: ana.id, body: "of Ana" });
    expect((await ben.client.from("notes").select()).data).toEqual([]);
    const forged = await ben.client.from("notes").insert({ body: "as Ana", owner: ana.id });
    expect([forged.status, forged.error?.code]).toEqual([403, "42501"]);
    const update = await ana.client.from("notes").update({ body: "x" }).eq("id", 1);
    expect(update.error?.code).toBe("42501");
  });

  it("takes only the three roles of the API, even for a well-signed token", async () => {
    for (const role of [
      "supabase_admin",
      "postgres",
      "supabase_auth_admin",
      "authenticator",
      "no_such_role",
    ]) {
      const answer = await rest("/rpc/who_am_i", {
        authorization: `Bearer ${await signToken({ sub: user, role })}`,
      });
      expect(answer.status, role).toBeGreaterThanOrEqual(400);
      expect(await answer.text(), role).not.toContain('"role"');
    }
  });

  it("does not expose schemas other than public", async () => {
    for (const schema of ["auth", "storage", "graphql_public", "vault"]) {
      const answer = await rest("/users", { "accept-profile": schema });
      expect([answer.status, (await answer.json()).code], schema).toEqual([406, "PGRST106"]);
    }
  });

  it("owns no auth or storage table as postgres", async () => {
    const owners = await server.sql`
      select distinct schemaname, tableowner from pg_tables where schemaname in ('auth', 'storage') order by 1, 2`;
    expect(owners.map((row) => Object.values(row).join(" "))).toEqual([
      "auth supabase_auth_admin",
      "storage supabase_storage_admin",
    ]);
  });
});

describe("filters", () => {
  const texts = ["+15125550100", "78701.0", "007", "1e3", "12.50", "12", "plain", "a,b"];

  it("compare texts as they were sent, also those that look like numbers", async () => {
    const { client } = await server.person();
    for (const body of texts) expect((await client.from("notes").insert({ body })).error).toBeNull();
    const found = async (read: PromiseLike<{ data: { body: string }[] | null }>) =>
      ((await read).data ?? []).map(({ body }) => body).sort();
    for (const body of texts) {
      expect(await found(client.from("notes").select("body").eq("body", body)), body).toEqual([body]);
      expect(await found(client.from("notes").select("body").in("body", [body, "none"])), body).toEqual([
        body,
      ]);
      expect(await found(client.from("notes").select("body").neq("body", body)), body).toHaveLength(7);
    }
    const either = client.from("notes").select("body").or("body.eq.+15125550100,and(body.eq.007,body.neq.7)");
    expect(await found(either)).toEqual(["+15125550100", "007"]);
    expect(await found(client.from("notes").select("body").not("body", "eq", "+15125550100"))).toHaveLength(
      7,
    );
  });

  it("compare numbers as numbers", async () => {
    const { client } = await server.person();
    await client.from("notes").insert({ body: "one" });
    const { data } = await client.from("notes").select("id").single();
    const id = Number(data?.id);
    for (const written of [`${id}`, `0${id}`, `+${id}`, `${id}.0`.replace(".0", "")])
      expect((await client.from("notes").select("id").eq("id", written)).data, written).toEqual([{ id }]);
    expect((await client.from("notes").select("id").gte("id", `0${id}`).lte("id", id)).data).toEqual([
      { id },
    ]);
  });
});

describe("identity", () => {
  it("reaches the database as role, claims and time limit of the request", async () => {
    const claims = { sub: user, app_metadata: { note: "it's \\ fine; select 1" } };
    const answer = await rest("/rpc/who_am_i", { authorization: `Bearer ${await signToken(claims)}` });
    expect(await answer.json()).toMatchObject({ role: "authenticated", id: user, timeout: "8s", claims });
  });

  it("does not stay behind on a pooled connection", async () => {
    const token = await signToken({ sub: user });
    const asked = Array.from({ length: 200 }, async (_, index) => {
      const isUser = index % 2 === 0;
      const answer = await rest("/rpc/who_am_i", isUser ? { authorization: `Bearer ${token}` } : {});
      const seen = (await answer.json()) as { role: string; id: string | null };
      expect(seen).toMatchObject(isUser ? { role: "authenticated", id: user } : { role: "anon", id: null });
    });
    await Promise.all(asked);
  });

  it("answers 401 without an API key and with one that is not ours", async () => {
    const without = await fetch(`${server.url}/rest/v1/numbers`);
    expect([without.status, without.headers.get("sb-error-code")]).toEqual([
      401,
      "UNAUTHORIZED_MISSING_API_KEY",
    ]);
    expect((await rest("/numbers", { apikey: "sb_publishable_other" })).status).toBe(401);
    const loopback = await fetch(`${server.url}/rest/v1/numbers`, { headers: { host: "127.0.0.1" } });
    expect(loopback.status).toBe(401);
  });

  it("answers 401 to tokens that are expired, forged, unsigned or no tokens", async () => {
    const { token } = await server.person();
    const [head, body] = token.split(".");
    const unsigned = `${Buffer.from('{"alg":"none","typ":"JWT"}').toString("base64url")}.${body}.`;
    const bad = {
      expired: await signToken({ sub: user }, keys.jwtSecret, -10),
      forged: await signToken({ sub: user }, "another-secret-that-is-long-enough-for-hs256"),
      changed: `${head}.${Buffer.from(JSON.stringify({ sub: user, role: "service_role" })).toString("base64url")}.x`,
      unsigned,
      rubbish: "rubbish",
    };
    for (const [name, value] of Object.entries(bad)) {
      for (const path of ["/notes", "/rpc/who_am_i"]) {
        const answer = await rest(path, { authorization: `Bearer ${value}` });
        expect(answer.status, `${name} ${path}`).toBe(401);
      }
    }
  });
});

describe("answers", () => {
  it("calls functions and counts rows, at most 1,000 of which it returns", async () => {
    const anon = server.client();
    expect((await anon.rpc("add_up", { a: 2, b: 3 })).data).toBe(5);
    const numbers = await anon.from("numbers").select("n", { count: "exact" }).order("n");
    expect([numbers.data?.length, numbers.count]).toEqual([1000, 1500]);
    const head = await anon.from("numbers").select("*", { count: "exact", head: true }).gt("n", 1400);
    expect([head.error, head.data, head.count]).toEqual([null, null, 100]);
  });

  it("takes and gives lists of every type as JSON", async () => {
    const row = {
      id: 1,
      words: ["a", 'b "c", {d}', "é\\", ""],
      numbers: [1, -2],
      moods: ["calm", "cross"],
      times: ["2026-11-01T01:30:00-05:00"],
      data: [{ a: [1, null] }, "text"],
    };
    const anon = server.client();
    expect((await anon.from("lists").insert(row)).error).toBeNull();
    const { data } = await anon.from("lists").select().eq("id", 1).single();
    expect(data).toEqual({ ...row, times: ["2026-11-01T06:30:00+00:00"] });
    expect((await anon.from("lists").select("id").overlaps("words", ["a"])).data).toEqual([{ id: 1 }]);
    expect((await anon.from("lists").select("id").in("id", [1, 2])).data).toEqual([{ id: 1 }]);
  });

  // Postgres' own timers do not follow a clock moved ahead by libfaketime: they never fire.
  it.skipIf(process.env.FAKETIME)("ends a statement of anon after 3 s, as hosted", async () => {
    const answer = await server.client().rpc("wait_for", { seconds: 20 });
    expect(answer.error?.code).toBe("57014");
  });

  it("passes on what SQL functions and constraints refuse, with PostgREST's statuses", async () => {
    const anon = server.client();
    const expected = {
      P0001: 400,
      PT409: 409,
      CT422: 400,
      23514: 400,
      "40001": 500,
      "57014": 500,
      "28000": 403,
    };
    for (const [code, status] of Object.entries(expected)) {
      const answer = await anon.rpc("refuse", { code });
      expect([answer.status, answer.error], code).toMatchObject([
        status,
        { code, message: `no, because of ${code}`, details: "a detail", hint: "a hint" },
      ]);
    }
    const broken = await anon.from("checked").insert({ n: -1 });
    expect([broken.status, broken.error?.code]).toEqual([400, "23514"]);
    expect((await anon.from("checked").insert({ n: 1 })).status).toBe(201);
  });

  it("shows a table that a migration made meanwhile, and forgets one it dropped", async () => {
    const anon = server.client();
    expect((await anon.from("late").select()).status).toBe(404);
    await server.migrate(
      "create table public.late (id int primary key); grant select on public.late to anon",
    );
    await waitFor(async () => (await anon.from("late").select()).status === 200);
    await server.migrate("drop table public.late");
    await waitFor(async () => (await anon.from("late").select()).status === 404);
  });

  it("serves a thousand requests at once over few connections", async () => {
    const anon = server.client();
    const counts: number[] = [];
    const count = async () => {
      const [row] =
        await server.sql`select count(*)::int as n from pg_stat_activity where backend_type = 'client backend'`;
      counts.push(row?.n);
    };
    const looking = setInterval(() => void count(), 100);
    const answers = await Promise.all(
      Array.from({ length: 1000 }, (_, n) =>
        anon
          .from("numbers")
          .select()
          .eq("n", (n % 1500) + 1),
      ),
    );
    clearInterval(looking);
    await count();
    expect(answers.filter((answer) => answer.data?.length !== 1)).toEqual([]);
    expect(Math.max(...counts)).toBeLessThanOrEqual(25);
  });

  it("recovers from a lost database connection", async () => {
    const anon = server.client();
    await Promise.all(Array.from({ length: 40 }, () => anon.from("numbers").select().limit(1)));
    // supabase-js sends a request only once someone waits for it.
    const waiting = anon.rpc("wait_for", { seconds: 2 }).then((answer) => answer);
    await waitFor(async () => {
      const [row] = await server.sql`
        select count(pg_terminate_backend(pid))::int as n from pg_stat_activity
        where usename = 'authenticator' and exists (
          select from pg_stat_activity where query like '%wait_for%' and usename = 'authenticator' and state = 'active')`;
      return row?.n > 0;
    });
    expect((await waiting).error).not.toBeNull();
    await waitFor(async () => (await anon.from("numbers").select().limit(1)).status === 200);
    const after = await Promise.all(Array.from({ length: 40 }, () => anon.from("numbers").select().limit(1)));
    expect(after.filter((answer) => answer.error)).toEqual([]);
  });

  it("answers JSON 404 where there is nothing, never a page", async () => {
    const paths = [
      "/",
      "/nothing",
      "/functions/v1/none",
      "/realtime/v1/none",
      "/_system/config",
      "/rest/v1/none/deeper",
    ];
    for (const path of [...paths, "/storage/v1/none"]) {
      const answer = await fetch(server.url + path, { headers: { apikey: keys.publishable } });
      expect([path, answer.status, answer.headers.get("content-type")?.split(";")[0]]).toEqual([
        path,
        404,
        expect.stringMatching(/^application\/json$|^text\/plain$/),
      ]);
    }
  });

  it("lets a page of any origin ask and read", async () => {
    const preflight = await fetch(`${server.url}/rest/v1/notes`, {
      method: "OPTIONS",
      headers: {
        origin: "https://dashboard.example.com",
        "access-control-request-method": "PATCH",
        "access-control-request-headers": "apikey, x-of-our-own",
      },
    });
    expect(preflight.status).toBe(200);
    expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
    expect(preflight.headers.get("access-control-allow-headers")).toContain("x-of-our-own");
    for (const path of ["/rest/v1/numbers", "/auth/v1/user", "/storage/v1/bucket"]) {
      const refused = await fetch(server.url + path, {
        headers: { origin: "https://dashboard.example.com" },
      });
      expect(refused.headers.get("access-control-allow-origin"), path).toBe("*");
    }
  });

  it("logs neither rows nor tokens when requests are refused", async () => {
    const { client, token } = await server.person();
    await client.from("notes").insert({ body: "a private thing", owner: user });
    await rest("/notes", { authorization: `Bearer ${token}x` });
    expect(server.lines.join("\n")).not.toMatch(/private thing|eyJ/);
  });
});
