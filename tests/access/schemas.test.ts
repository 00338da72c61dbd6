// Schemas besides public: none of them is served over REST, to people or to the service.
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { buildWorld, type World } from "./build-world.ts";

const stack = inject("stack");

let world: World;
beforeAll(async () => {
  world = await buildWorld(stack);
});
afterAll(() => world?.close());

/** A table and a function of each, such as would be worth reaching. */
const SCHEMAS = {
  private: ["contacts", "org_id"],
  pgmq: ["q_sends", "read"],
  vault: ["decrypted_secrets", "create_secret"],
  cron: ["job", "schedule"],
  // Its queue holds the worker's secret, and the platform lets every role of the database read it.
  net: ["http_request_queue", "http_get"],
  auth: ["users", "uid"],
  storage: ["objects", "foldername"],
  realtime: ["messages", "topic"],
  supabase_migrations: ["schema_migrations", "none"],
  pg_catalog: ["pg_roles", "current_database"],
  information_schema: ["tables", "none"],
};

it.each(Object.entries(SCHEMAS))("%s is not served", async (schema, [table, fn]) => {
  const callers = [...world.actors, { name: "service", client: world.service }];
  const answers = await Promise.all(
    callers.flatMap(({ name, client }) => {
      const there = client.schema(schema as never);
      const attempts = [there.from(table as never).select("*"), there.rpc(fn as never)];
      return attempts.map(async (attempt) => ({ name, ...(await attempt) }));
    }),
  );
  // 406 is PostgREST's answer for a schema it does not serve; a caller without a valid token gets 401 first.
  const opened = answers.filter(({ status, data }) => ![401, 406].includes(status) || data !== null);
  expect(opened.map(({ name, status }) => `${name}: ${status}`)).toEqual([]);
});
