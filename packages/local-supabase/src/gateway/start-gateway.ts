// The gateway of the local platform: lite answers REST, auth and storage; functions and Realtime have their own handlers.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { getRequestListener } from "@hono/node-server";
import type { App } from "@supabase/lite";
import { type LiteOptions, openLite } from "./open-lite.ts";
import { refuseBrokenHttp } from "./refuse-broken-http.ts";
import { type Page, servePage } from "./serve-page.ts";

type Handler = (req: IncomingMessage, res: ServerResponse) => void;

export type GatewayOptions = LiteOptions & {
  /** Port on 127.0.0.1; 0 lets the system choose. */
  port: number;
  /** Answers /functions/v1/*. Without it those paths are 404. */
  functionsHandler?: Handler;
  /** Takes over the websocket /realtime/v1/websocket. */
  realtimeUpgrade?: (req: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Answers /realtime/v1/api/*. */
  realtimeHandler?: Handler;
  /** Files of the project by the path that they are served at. */
  pages?: Record<string, Page>;
};

export type Gateway = {
  url: string;
  server: Server;
  app: App;
  /** Reads the database's schema again: call it after migrations that ran beside the gateway. */
  reload: () => Promise<void>;
  stop: () => Promise<void>;
};

const liteRoutes = ["/rest/v1", "/auth/v1", "/storage/v1"];

function isUnder(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`);
}

function sendJson(res: ServerResponse, status: number, body: object): void {
  res.writeHead(status, { "content-type": "application/json", "access-control-allow-origin": "*" });
  res.end(JSON.stringify(body));
}

/**
 * Starts listening on 127.0.0.1. Returns when it answers. Errors: port in use (EADDRINUSE), database not reachable.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const lite = await openLite(options);
  const serveLite = getRequestListener(lite.fetch, {
    overrideGlobalObjects: false,
    errorHandler: (error) => {
      options.log(`gateway: ${error instanceof Error ? error.message : String(error)}`);
      return Response.json({ message: "An unexpected error occurred" }, { status: 500 });
    },
  });

  const server = createServer((req, res) => {
    const path = (req.url ?? "/").split("?")[0] ?? "/";
    if (liteRoutes.some((prefix) => isUnder(path, prefix))) return void serveLite(req, res);
    if (isUnder(path, "/functions/v1") && options.functionsHandler) return options.functionsHandler(req, res);
    if (isUnder(path, "/realtime/v1/api") && options.realtimeHandler)
      return options.realtimeHandler(req, res);
    const page = req.method === "GET" ? options.pages?.[path] : undefined;
    if (page) return void servePage(page, res);
    if (path === "/health") return sendJson(res, 200, { status: "ok" });
    req.resume();
    sendJson(res, 404, { message: "no Route matched with those values" });
  });
  // Imports and long answers outlive Node's default of 300 s, and a 5 s keep-alive drops connections that pools reuse.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 75_000;
  refuseBrokenHttp(server);
  // Node forgets sockets that became websockets, and would wait for them for ever when closing.
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  if (options.realtimeUpgrade) {
    const upgrade = options.realtimeUpgrade;
    server.on("upgrade", (req, socket, head) => {
      if (isUnder((req.url ?? "").split("?")[0] ?? "", "/realtime/v1/websocket"))
        return upgrade(req, socket, head);
      socket.end("HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n");
    });
  }

  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(options.port, "127.0.0.1", () => {
        server.off("error", reject);
        resolve();
      });
    });
  } catch (error) {
    await lite.stop();
    throw error;
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    app: lite.app,
    reload: lite.reload,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
      await lite.stop();
    },
  };
}
