// Which hosts mean this machine and nothing else.
import ipaddr from "ipaddr.js";

/** True for localhost, 127.0.0.0/8 and ::1. Takes a host as in a URL (IPv6 with or without brackets). */
export function isLoopbackHost(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, "").toLowerCase();
  return bare === "localhost" || (ipaddr.isValid(bare) && ipaddr.process(bare).range() === "loopback");
}
