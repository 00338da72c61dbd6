// Connections of functions to a hosted database, against a real server with TLS: the certificate must be for its name, and signed
// by a
// trusted authority. "require" would accept any.
//
// They are made by Deno too, as functions make them. Deno 2.1.4, the hosted version with which everything else is tested, can't
// do it: postgres.js ends in CONNECT_TIMEOUT with any `ssl` (denoland/deno#28526, fixed in 2.5). Supabase's edge-runtime has the
// fix
// since 1.70.2. So here, and only here, Deno is 2.5.7: it has the same fix and the same TLS library.
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { waitFor } from "local-supabase/testing/wait-for";
import postgres from "postgres";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { databaseTls } from "../../../supabase/functions/_shared/db/database-tls.ts";
import { readEnvironment } from "../../../supabase/functions/_shared/environment/environment.ts";
import { type Authority, makeAuthority } from "../../fixtures/make-certificates.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

type DenoPackage = { runInstall(): string };

const bench = useBareDatabase();
const HOST = "db.example.com";
let authority: Authority;
let other: Authority;

beforeAll(async () => {
  [authority, other] = await Promise.all([makeAuthority("Database"), makeAuthority("Somebody else")]);
  const { key, cert } = await authority.sign(HOST);
  const { sql } = bench;
  const [folder] = await sql`select current_setting('data_directory') as path`;
  // The server itself writes the key: it must belong to the server's user, and no other may read it.
  for (const [name, pem] of Object.entries({ key, cert })) {
    const lines = pem
      .trim()
      .split("\n")
      .map((line) => `('${line.trim()}')`);
    await sql.unsafe(
      `copy (select * from (values ${lines.join(", ")}) l) to program 'umask 077; cat > "${folder?.path}/test.${name}"'`,
    );
  }
  await sql.unsafe("alter system set ssl_key_file = 'test.key'");
  await sql.unsafe("alter system set ssl_cert_file = 'test.cert'");
  await sql.unsafe("alter system set ssl = on");
  await sql`select pg_reload_conf()`;
  await waitFor(async () => (await sql`show ssl`)[0]?.ssl === "on");
});

const env = (variables: Record<string, string>) => readEnvironment((name) => variables[name]);

/** As direct.ts connects, to a server that says it is `host`. @returns whether by TLS, or the failure's code */
async function connect(host: string, variables: Record<string, string>): Promise<unknown> {
  const ssl = databaseTls(env(variables), host);
  const sql = postgres(`${inject("bareServer").adminUrl}/postgres`, {
    max: 1,
    prepare: false,
    connect_timeout: 5,
    ssl,
  });
  try {
    return (await sql`select ssl from pg_stat_ssl where pid = pg_backend_pid()`)[0]?.ssl;
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    await sql.end({ timeout: 1 });
  }
}

describe("a hosted database", () => {
  it("is connected to by TLS if its certificate is for its name", async () => {
    expect(await connect(HOST, { WORKER_DB_CA: authority.ca })).toBe(true);
    expect(
      await connect(HOST, { WORKER_DB_CA: `${other.ca}\n${authority.ca}`.replaceAll("\n", "\\n") }),
    ).toBe(true);
  });

  it("is refused if the certificate is for another name", async () => {
    expect(await connect("db.elsewhere.com", { WORKER_DB_CA: authority.ca })).toBe(
      "ERR_TLS_CERT_ALTNAME_INVALID",
    );
  });

  it("is refused if no trusted authority signed the certificate", async () => {
    const untrusted = expect.stringMatching(/CERT|UNABLE_TO/);
    expect(await connect(HOST, { WORKER_DB_CA: other.ca })).toEqual(untrusted);
    expect(await connect(HOST, {})).toEqual(untrusted);
    expect(await connect("aws-0-us-east-1.pooler.supabase.com", {})).toEqual(untrusted);
  });
});

it("in Deno, connects only to a database with a certificate for its name", async () => {
  const server = new URL(inject("bareServer").workerUrl);
  const at = (host: string, more: Record<string, string> = {}) => ({
    WORKER_DB_URL: `postgres://worker:${server.password}@${host}:6543/postgres`,
    ...more,
  });
  const cases = [
    at(HOST, { WORKER_DB_CA: authority.ca }),
    at(HOST, { WORKER_DB_CA: `${other.ca}\n${authority.ca}`.replaceAll("\n", "\\n") }),
    at("db.elsewhere.com", { WORKER_DB_CA: authority.ca }),
    at(HOST, { WORKER_DB_CA: other.ca }),
    at(HOST),
    at("aws-0-us-east-1.pooler.supabase.com"),
    // Nothing in the URL weakens the check of the server.
    {
      WORKER_DB_URL: `${at("db.elsewhere.com").WORKER_DB_URL}?sslmode=require`,
      WORKER_DB_CA: authority.ca,
    },
  ];
  const deno = (createRequire(import.meta.url)("deno-tls/install_api.cjs") as DenoPackage).runInstall();
  const argument = JSON.stringify({ port: Number(server.port), cases });
  const { stdout } = await promisify(execFile)(
    deno,
    ["run", "-A", "--quiet", "tests/fixtures/connect-in-deno.ts", argument],
    { env: { ...process.env, DENO_NO_UPDATE_CHECK: "1" } },
  );
  const connected = { ssl: true, role: "worker", sent: 300_000, received: 300_000 };
  const wrongName = { error: expect.stringContaining('not valid for name "db.elsewhere.com"') };
  const unknownAuthority = { error: expect.stringContaining("UnknownIssuer") };
  expect(
    stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toEqual([
    connected,
    connected,
    wrongName,
    unknownAuthority,
    unknownAuthority,
    unknownAuthority,
    wrongName,
  ]);
});

it("without a variable, Supabase's own authorities are trusted for its hosts, and the runtime's for others", () => {
  for (const host of ["db.abc.supabase.co", "aws-0-us-east-1.pooler.supabase.com"]) {
    const tls = databaseTls(env({}), host);
    expect(tls).toMatchObject({ rejectUnauthorized: true, servername: host });
    expect(tls ? tls.ca : []).toHaveLength(2);
  }
  expect(databaseTls(env({}), "db.example.com")).toEqual({
    rejectUnauthorized: true,
    servername: "db.example.com",
  });
  expect(databaseTls(env({}), "db.supabase.co.example.com")).not.toHaveProperty("ca");
});

it("on this machine there is no TLS", () => {
  for (const host of ["127.0.0.1", "localhost", "[::1]", "db", "supabase_db_x", "host.docker.internal"])
    expect(databaseTls(env({}), host)).toBe(false);
});

it("a variable without a certificate is reported by its name", () => {
  expect(() => databaseTls(env({ WORKER_DB_CA: "prod-ca-2021.crt" }), HOST)).toThrow("WORKER_DB_CA");
});
