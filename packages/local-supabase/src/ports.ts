// The TCP ports of a platform: all are relative to one base.
import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** How far each port is above the base. */
export type PortOffsets = Record<string, number>;

/** The Supabase CLI's own API port. */
export const DEFAULT_PORT_BASE = 54321;
/** The platform's own ports: as with the Supabase CLI, the database is on the next after the API. */
export const PLATFORM_PORTS = { api: 0, database: 1, pooler: 2 };

/** Returns the ports by name. Throws when the base leaves no room for them. */
export function portsFrom<Offsets extends PortOffsets>(
  base: number,
  offsets: Offsets,
): { [Name in keyof Offsets]: number } {
  const highest = 65_535 - Math.max(...Object.values(offsets));
  if (!Number.isInteger(base) || base < 1024 || base > highest) {
    throw new Error(`--port-base must be a whole number from 1024 to ${highest}, got ${base}.`);
  }
  const ports = Object.entries(offsets).map(([name, offset]) => [name, base + offset]);
  return Object.fromEntries(ports) as { [Name in keyof Offsets]: number };
}

/** Throws if a port is in use; the error names every such port and the remedy. */
export async function requireFreePorts(ports: Record<string, number>): Promise<void> {
  const taken: string[] = [];
  for (const [use, port] of Object.entries(ports)) {
    if (!(await isFree(port))) taken.push(`${port} (${use})`);
  }
  if (taken.length === 0) return;
  throw new Error(
    `In use already: port ${taken.join(", port ")}. Stop what listens there, or choose others with --port-base N.`,
  );
}

/**
 * Below the ports that systems give to outgoing connections (Linux: from 32,768; macOS: from 49,152): between the look and its
 * use, a port from there could become some connection's own end.
 */
const FREE_BASES = { from: 20_000, to: 32_000 } as const;

/** Returns a base whose ports are all free right now. */
export async function findFreePortBase(offsets: PortOffsets = PLATFORM_PORTS): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const base = randomInt(FREE_BASES.from, FREE_BASES.to);
    const free = await Promise.all(Object.values(portsFrom(base, offsets)).map(isFree));
    if (free.every(Boolean)) return base;
  }
  throw new Error("No free ports found on 127.0.0.1.");
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
