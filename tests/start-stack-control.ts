// A loopback HTTP server by which test files, which run in other processes, act on the stack of the run.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Stack } from "../scripts/stack/start-stack.ts";

export type StackControl = { url: string; stop(): Promise<void> };

const FUNCTION_ACTION = /^\/functions\/([a-z-]+)\/(restart|kill)$/;

/** @param lines the stack's log, growing while it runs */
export async function startStackControl(stack: Stack, lines: string[]): Promise<StackControl> {
  const server = createServer((request, response) => {
    answer(stack, lines, `${request.method} ${request.url}`).then(
      (body) => response.writeHead(body === undefined ? 404 : 200).end(body),
      (error: Error) => response.writeHead(500).end(error.message),
    );
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

async function answer(stack: Stack, lines: string[], request: string): Promise<string | undefined> {
  if (request === "GET /log") return lines.join("\n");
  if (request === "GET /pids") return JSON.stringify(stack.pids());
  const [method, path] = request.split(" ");
  const [, name, action] = FUNCTION_ACTION.exec(path ?? "") ?? [];
  if (method !== "POST" || !name) return undefined;
  if (action === "kill") return JSON.stringify(await stack.killFunction(name));
  await stack.restartFunction(name);
  return "restarted";
}
