// Database connections that break under load: some requests get 503, none hangs, and the process keeps running.
import { afterAll, beforeAll, expect, it } from "vitest";
import { type GatewayServer, startGatewayServer } from "./start-gateway-server.ts";

let server: GatewayServer;

beforeAll(async () => {
  server = await startGatewayServer();
});
afterAll(() => server?.stop());

it("answers every request while connections are cut again and again", async () => {
  const anon = server.client();
  let cutting = true;
  const statuses = new Set<string>();
  const asking = Array.from({ length: 40 }, async () => {
    while (cutting) {
      // The client would wait and retry by itself, and in those seconds there would be no connection to cut.
      const answer = await anon.from("numbers").select().limit(1).retry(false);
      statuses.add(`${answer.status} ${answer.error?.code ?? ""}`);
    }
  });
  let cut = 0;
  while (cut < 80) {
    const [row] = await server.sql`
      select count(pg_terminate_backend(pid))::int as n from pg_stat_activity
      where usename = 'authenticator' and random() < 0.5`;
    cut += row?.n;
  }
  cutting = false;
  await Promise.all(asking);
  statuses.delete("200 ");
  statuses.delete("503 PGRST001");
  statuses.delete("503 57P01");
  expect([...statuses]).toEqual([]);
  const after = await Promise.all(Array.from({ length: 100 }, () => anon.from("numbers").select().limit(1)));
  expect(after.filter((answer) => answer.error)).toEqual([]);
});
