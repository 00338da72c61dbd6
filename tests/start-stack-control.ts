// A loopback HTTP server by which test files, which run in other processes, act on the stack of the run.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Stack } from "../scripts/stack/start-stack.ts";

export type StackControl = { url: string; stop(): Promise<void> };

/** @param lines the stack's log, growing while it runs */
export async function startStackControl(_stack: Stack, lines: string[]): Promise<StackControl> {
  const server = createServer((request, response) => {
    if (request.method === "GET" && request.url === "/log") return void response.end(lines.join("\n"));
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
