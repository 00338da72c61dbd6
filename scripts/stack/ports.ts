// The TCP ports of a stack: the platform's own, and the Twilio simulator's.
import { findFreePortBase as findFreeBase, PLATFORM_PORTS, portsFrom as portsAbove } from "local-supabase";

/** How far each port is above the base. */
export const STACK_PORTS = { ...PLATFORM_PORTS, simulator: 8 };

export type Ports = { [Name in keyof typeof STACK_PORTS]: number };

/** API = base, database = base + 1, pooler = base + 2, Twilio simulator = base + 8. Throws when the base leaves no room. */
export function portsFrom(base: number): Ports {
  return portsAbove(base, STACK_PORTS);
}

/** Returns a base whose ports are all free right now, chosen by the system. */
export function findFreePortBase(): Promise<number> {
  return findFreeBase(STACK_PORTS);
}
