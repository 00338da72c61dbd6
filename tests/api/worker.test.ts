// The worker's one route: who may call it, and its answers.
import { randomUUID } from "node:crypto";
import { waitFor } from "local-supabase/testing/wait-for";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { signUpUser } from "../fixtures/sign-up-user.ts";

const stack = inject("stack");
const sql = postgres(stack.ADMIN_DB_URL, { max: 1, onnotice: () => {} });
afterAll(() => sql.end());

const drain = (headers: Record<string, string> = {}, method = "POST") =>
  fetch(`${stack.FUNCTIONS_URL}/worker/drain`, { method, headers });
const knock = () => drain({ "x-worker-secret": stack.FUNCTIONS_ENV.WORKER_SECRET as string });

describe("without the worker's secret nothing is drained", () => {
  let token: string;
  beforeAll(async () => {
    ({ token } = await signUpUser(stack));
  });

  it.each([
    ["no header", () => ({})],
    ["an empty secret", () => ({ "x-worker-secret": "" })],
    ["a wrong secret", () => ({ "x-worker-secret": "wrong" })],
    ["the right one and more", () => ({ "x-worker-secret": `${stack.FUNCTIONS_ENV.WORKER_SECRET}x` })],
    ["a user's token", () => ({ authorization: `Bearer ${token}` })],
    [
      "the project's secret key",
      () => ({ authorization: `Bearer ${stack.SECRET_KEY}`, apikey: stack.SECRET_KEY }),
    ],
    ["a user's token as the secret", () => ({ "x-worker-secret": token })],
  ])("%s", async (_what, headers) => {
    const response = await drain(headers());
    expect(response.status).toBe(401);
    expect((await response.json()).error.code).toBe("worker_secret_invalid");
  });

  it("nor by another method", async () => {
    const response = await drain({ "x-worker-secret": stack.FUNCTIONS_ENV.WORKER_SECRET as string }, "GET");
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("POST");
  });
});

describe("with it", () => {
  it("answers 202 at once; one drains, one waits to take over, and further calls are told so", async () => {
    // A message that is due in 4 s keeps a drain running; it belongs to nothing and is dropped when it is read.
    const id = randomUUID();
    await sql`select pgmq.send('sends', ${sql.json({ message_id: id })}, 4)`;
    const statuses: string[] = [];
    for (let i = 0; i < 3; i++) {
      const response = await knock();
      expect(response.status).toBe(202);
      statuses.push((await response.json()).data.status);
    }
    expect(statuses[2]).toBe("already_draining");
    // The scheduler's own drain may be running when the first call arrives.
    expect(["draining", "next", "already_draining"]).toContain(statuses[0]);
    await waitFor(
      async () => (await sql`select 1 from pgmq.q_sends where message ->> 'message_id' = ${id}`).length === 0,
    );
  });

  it("a drain whose queue row names no message drops it and ends", async () => {
    const id = randomUUID();
    await sql`select pgmq.send('replies', ${sql.json({ message_id: id })})`;
    await knock();
    await waitFor(
      async () =>
        (await sql`select 1 from pgmq.q_replies where message ->> 'message_id' = ${id}`).length === 0,
    );
  });
});

it.each(["worker", "twilio", "background-worker"])(
  "%s tells anybody that it can connect to the database, and no more",
  async (area) => {
    const response = await fetch(`${stack.FUNCTIONS_URL}/${area}/health`);
    expect([response.status, (await response.json()).data]).toEqual([
      200,
      {
        status: "ok",
        version: expect.any(String),
        database: "reachable",
        timestamp: expect.any(String),
        database_connection_ms: expect.any(Number),
      },
    ]);
  },
);
