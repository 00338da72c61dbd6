// The transaction pooler: many clients, few server connections, and no client gets another's transaction, answer or error.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import { cancelRequest, int32, message, SSL_REQUEST, startup } from "../src/pooler/messages.ts";
import { waitFor } from "../src/testing/wait-for.ts";

const { POOLER_URL, ADMIN_DB_URL } = inject("platform");
const admin = postgres(ADMIN_DB_URL, { max: 1, onnotice: () => {} });
const clients: postgres.Sql[] = [];
/** A name for each test, so that each has a pool of its own. */
let tests = 0;
let name = "";

function open(options: postgres.Options<Record<string, never>> = {}): postgres.Sql {
  const sql = postgres(POOLER_URL, {
    max: 1,
    prepare: false,
    onnotice: () => {},
    connection: { application_name: name },
    ...options,
  });
  clients.push(sql);
  return sql;
}

const backends = async () =>
  await admin`select pid, state from pg_stat_activity where application_name = ${name} order by pid`;

beforeAll(async () => {
  await admin`create table public.pooled (id int primary key)`;
  await admin`grant all on public.pooled to postgres`;
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((sql) => sql.end({ timeout: 1 })));
});
afterAll(async () => {
  await admin`drop table public.pooled`;
  await admin.end();
});

function itPools(title: string, test: () => Promise<void>): void {
  it(title, async () => {
    name = `pooled ${++tests}`;
    await test();
  });
}

describe("clients", () => {
  itPools("take turns on 15 connections, and each gets the answers to its own questions", async () => {
    const all = Array.from({ length: 60 }, () => open());
    const answers = await Promise.all(
      all.flatMap((sql, client) =>
        Array.from({ length: 10 }, async (_, turn) => {
          const [row] =
            await sql`select ${client}::int as client, ${turn}::int as turn, repeat('x', ${client * 1000}) as filler`;
          return row?.client === client && row?.turn === turn && row?.filler.length === client * 1000;
        }),
      ),
    );
    expect(answers).toHaveLength(600);
    expect(answers.every(Boolean)).toBe(true);
    const used = await backends();
    expect(used.length).toBeGreaterThan(1);
    expect(used.length).toBeLessThanOrEqual(15);
  });

  itPools("that come after another find its connection, and its settings", async () => {
    const first = open();
    await first`set statement_timeout = '77s'`;
    const [{ pid }] = (await first`select pg_backend_pid() as pid`) as [{ pid: number }];
    await first.end();
    const second = open();
    expect(
      await second`select pg_backend_pid() as pid, current_setting('statement_timeout') as timeout`,
    ).toEqual([{ pid, timeout: "77s" }]);
  });

  itPools("keep their connection through a transaction, whatever others do", async () => {
    const [holder, ...others] = Array.from({ length: 20 }, () => open()) as [postgres.Sql, ...postgres.Sql[]];
    await holder.begin(async (tx) => {
      const [{ pid }] = (await tx`select pg_backend_pid() as pid`) as [{ pid: number }];
      await tx`set local statement_timeout = '78s'`;
      const seen = await Promise.all(
        others.map(async (sql) => (await sql`select pg_backend_pid() as pid`)[0]?.pid),
      );
      expect(seen).not.toContain(pid);
      expect(
        await tx`select pg_backend_pid() as pid, current_setting('statement_timeout') as timeout`,
      ).toEqual([{ pid, timeout: "78s" }]);
    });
  });

  itPools("wait in line while all connections are in transactions", async () => {
    const holders = Array.from({ length: 15 }, () => open());
    let letGo = () => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const holding = holders.map((sql) =>
      sql.begin(async (tx) => {
        await tx`select 1`;
        await held;
      }),
    );
    await waitFor(
      async () => (await backends()).filter((one) => one.state === "idle in transaction").length === 15,
    );
    const late = open();
    let isAnswered = false;
    // The pooler needs a connection for the login too.
    const answer = late`select 7 as seven`.then((rows) => {
      isAnswered = true;
      return rows;
    });
    expect(await backends()).toHaveLength(15);
    expect(isAnswered).toBe(false);
    letGo();
    await Promise.all(holding);
    expect(await answer).toEqual([{ seven: 7 }]);
  });

  itPools("may send several questions at once", async () => {
    const sql = open({ max_pipeline: 50 } as object);
    const rows = await Promise.all(Array.from({ length: 50 }, (_, i) => sql`select ${i}::int as i`));
    expect(rows.map(([row]) => row?.i)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });

  itPools("send and read megabytes", async () => {
    const sql = open();
    const text = "ñ".repeat(4_000_000);
    const [row] = await sql`select ${text}::text as text, length(${text}::text) as length`;
    expect([row?.text === text, row?.length]).toEqual([true, 4_000_000]);
  });

  itPools("copy rows in and out", async () => {
    const socket = await logIn();
    let text = "";
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
    });
    const isDone = () => text.endsWith("Z\0\0\0\x05I");
    socket.write(message("Q", "copy public.pooled from stdin"));
    await waitFor(() => text.startsWith("G"));
    for (let id = 0; id < 5000; id++) socket.write(message("d", Buffer.from(`${id}\n`)));
    socket.write(message("c"));
    await waitFor(isDone);
    expect(text).toContain("COPY 5000");
    text = "";
    socket.write(message("Q", "copy public.pooled to stdout"));
    await waitFor(isDone);
    expect(text.match(/d\0\0\0.\d+\n/gs)).toHaveLength(5000);
    socket.destroy();
    // The connection was given back, or the pool would be empty by now.
    for (let turn = 0; turn < 20; turn++) await open()`select 1`;
    expect((await backends()).length).toBeLessThan(15);
    await admin`truncate public.pooled`;
  });
});

describe("an error", () => {
  itPools("of a question is its client's alone, and the connection goes on", async () => {
    const [one, two] = [open(), open()];
    const results = await Promise.allSettled([one`select 1 / 0`, two`select 2 as two`]);
    expect(results.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
    expect(await one`select 1 as one`).toEqual([{ one: 1 }]);
  });

  itPools("in a transaction rolls it back before another client has its connection", async () => {
    const [one, two] = [open(), open()];
    await expect(
      one.begin(async (tx) => {
        await tx`insert into public.pooled values (1)`;
        await tx`insert into public.pooled values (1)`;
      }),
    ).rejects.toThrow("duplicate key");
    expect(await two`select count(*)::int as n from public.pooled`).toEqual([{ n: 0 }]);
  });
});

describe("a client that is gone", () => {
  itPools("in the middle of its transaction leaves nothing behind", async () => {
    const socket = await logIn();
    await ask(socket, "begin; insert into public.pooled values (7)");
    await waitFor(async () => (await backends()).some((one) => one.state === "idle in transaction"));
    socket.destroy();
    await waitFor(async () => (await backends()).length === 0);
    expect(await open()`select count(*)::int as n from public.pooled`).toEqual([{ n: 0 }]);
  });

  itPools("while it does not read a long answer does not keep the connection", async () => {
    const socket = await logIn();
    socket.pause();
    socket.write(message("Q", "select repeat('x', 1000000) from generate_series(1, 100)"));
    await waitFor(async () => (await backends()).some((one) => one.state === "active"));
    socket.destroy();
    await waitFor(async () => (await backends()).length === 0);
    expect(await open()`select 1 as one`).toEqual([{ one: 1 }]);
  });
});

describe("the server's end of a connection", () => {
  itPools("in a transaction ends the client's too, with the server's words", async () => {
    const socket = await logIn();
    await ask(socket, "begin");
    await waitFor(async () => (await backends())[0]?.state === "idle in transaction");
    const closed = once(socket, "close");
    const told = once(socket, "data");
    await admin`select pg_terminate_backend(pid) from pg_stat_activity where application_name = ${name}`;
    expect(String((await told)[0])).toContain("57P01");
    await closed;
    expect(await open()`select 1 as one`).toEqual([{ one: 1 }]);
  });

  itPools("between transactions costs its client a question at most, and others nothing", async () => {
    const sql = open();
    await sql`select 1`;
    const [used] = await backends();
    await admin`select pg_terminate_backend(${used?.pid})`;
    await waitFor(async () => (await backends()).length === 0);
    // The server may have ended it before the pooler hears of that.
    expect(await sql`select 1 as one`.catch(() => sql`select 1 as one`)).toEqual([{ one: 1 }]);
    expect(await open()`select 1 as one`).toEqual([{ one: 1 }]);
  });
});

describe("a login", () => {
  itPools("with a wrong password, role or database gets the database's own error", async () => {
    const wrong = (change: (url: URL) => void) => {
      const url = new URL(POOLER_URL);
      change(url);
      const sql = postgres(url.href, { max: 1, onnotice: () => {} });
      clients.push(sql);
      return sql`select 1`;
    };
    await expect(
      wrong((url) => {
        url.password = "no";
      }),
    ).rejects.toMatchObject({ code: "28P01" });
    await expect(
      wrong((url) => {
        url.username = "nobody";
      }),
    ).rejects.toMatchObject({ code: "28P01" });
    await expect(
      wrong((url) => {
        url.pathname = "/nowhere";
      }),
    ).rejects.toMatchObject({ code: "3D000" });
    expect(await open()`select 1 as one`).toEqual([{ one: 1 }]);
  });

  itPools("may ask for TLS first, and is told that there is none", async () => {
    const socket = await dial();
    socket.write(Buffer.concat([int32(8), int32(SSL_REQUEST)]));
    expect(String((await once(socket, "data"))[0])).toBe("N");
    socket.destroy();
  });

  itPools("of nonsense is refused, and so is one that is too long", async () => {
    for (const bytes of [
      Buffer.from("GET / HTTP/1.1\r\n\r\n"),
      Buffer.concat([int32(1_000_000), int32(196_608)]),
    ]) {
      const socket = await dial();
      socket.write(bytes);
      const [answer] = (await once(socket, "data")) as [Buffer];
      expect(answer.toString()).toContain("invalid length of startup packet");
      await once(socket, "close");
    }
  });
});

itPools("a request to cancel ends what the client with that key does, and nothing else", async () => {
  let key: Buffer = Buffer.alloc(0);
  const socket = await logIn((found) => {
    key = found;
  });
  const other = open();
  const stays = other`select pg_sleep(1.5), 5 as five`.execute();
  socket.write(message("Q", "select pg_sleep(600)"));
  await waitFor(async () => (await backends()).filter((one) => one.state === "active").length === 2);
  const canceled = once(socket, "data");
  for (const wrong of [Buffer.alloc(8), Buffer.from(key).reverse()]) (await dial()).end(cancelRequest(wrong));
  (await dial()).end(cancelRequest(key));
  expect(String((await canceled)[0])).toContain("57014");
  expect((await stays)[0]?.five).toBe(5);
  socket.destroy();
});

const { hostname, port, username, password } = new URL(POOLER_URL);

async function dial(): Promise<Socket> {
  const socket = connect({ host: hostname, port: Number(port) });
  await once(socket, "connect");
  return socket;
}

/** A bare client, logged in. */
async function logIn(hearKey: (key: Buffer) => void = () => {}): Promise<Socket> {
  const socket = await dial();
  socket.write(
    startup(
      new Map([
        ["user", username],
        ["database", "postgres"],
        ["application_name", name],
      ]),
    ),
  );
  await once(socket, "data");
  socket.write(message("p", password));
  await new Promise<void>((resolve) => {
    let all = Buffer.alloc(0);
    socket.on("data", function hear(chunk: Buffer) {
      all = Buffer.concat([all, chunk]);
      if (!all.subarray(-6).equals(message("Z", Buffer.from("I")))) return;
      socket.off("data", hear);
      const at = all.lastIndexOf(Buffer.concat([Buffer.from("K"), int32(12)]));
      hearKey(Buffer.from(all.subarray(at + 5, at + 13)));
      resolve();
    });
  });
  return socket;
}

async function ask(socket: Socket, query: string): Promise<void> {
  socket.write(message("Q", query));
  await once(socket, "data");
}
