// The probe of the functions' own connection ends, whatever the server does.
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { probeDirect } from "../../../supabase/functions/_shared/db/probe-direct.ts";
import { readEnvironment } from "../../../supabase/functions/_shared/environment/environment.ts";

/** Accepts connections and never answers. */
let silent: Server;
const sockets: Socket[] = [];

beforeAll(async () => {
  silent = createServer((socket) => void sockets.push(socket));
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
});
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  silent.close();
});

const probe = (port: number) =>
  probeDirect(
    readEnvironment(
      (name) => ({ WORKER_DB_URL: `postgres://worker:secret@127.0.0.1:${port}/postgres` })[name],
    ),
  );

it("fails at once if nothing listens", async () => {
  const begun = performance.now();
  await expect(probe(9)).rejects.toThrow("ECONNREFUSED");
  expect(performance.now() - begun).toBeLessThan(1000);
});

it("gives up after some seconds on a server that never answers", async () => {
  const begun = performance.now();
  const failure = await probe((silent.address() as AddressInfo).port).catch((error) => error);
  expect(String(failure)).toMatch(/CONNECT_TIMEOUT|no answer within/);
  expect(String(failure)).not.toContain("secret");
  expect(performance.now() - begun).toBeLessThan(7000);
});
