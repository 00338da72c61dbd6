// The TCP ports of a stack: all follow from one base.
import { createServer } from "node:net";

export type Ports = { api: number; database: number; simulator: number };

/** The Supabase CLI's own API port. */
export const DEFAULT_PORT_BASE = 54321;

/** API = base, database = base + 1, Twilio simulator = base + 8. Throws when the base leaves no room. */
export function portsFrom(base: number): Ports {
  if (!Number.isInteger(base) || base < 1024 || base > 65_527) {
    throw new Error(`--port-base must be a whole number from 1024 to 65527, got ${base}.`);
  }
  return { api: base, database: base + 1, simulator: base + 8 };
}

/** Throws, naming every port in use and the remedy, unless all can be listened on. */
export async function requireFreePorts(ports: Ports): Promise<void> {
  const taken: string[] = [];
  for (const [use, port] of Object.entries(ports)) {
    if (!(await isFree(port))) taken.push(`${port} (${use})`);
  }
  if (taken.length === 0) return;
  throw new Error(
    `In use already: port ${taken.join(", port ")}. Stop what listens there, or choose others with --port-base N.`,
  );
}

/** Returns a base whose ports are all free right now, chosen by the system. */
export async function findFreePortBase(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const base = await askForPort();
    if (base > 65_000) continue;
    const free = await Promise.all(Object.values(portsFrom(base)).map(isFree));
    if (free.every(Boolean)) return base;
  }
  throw new Error("No free ports found on 127.0.0.1.");
}

function askForPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
