// Whether an address is on the public Internet: not this machine, not a private network, not a cloud's metadata service.
import ipaddr from "ipaddr.js";

/** The only IPv6 range that is assigned to networks so far; all others are special or unassigned. */
const GIVEN_OUT = ipaddr.IPv6.parseCIDR("2000::/3");
/** Azure's own metadata address, which answers from inside: the only one in a public range. */
const AZURE_METADATA = "168.63.129.16";

/** @param ip as DNS returns it, or as a URL has it, without brackets */
export function isPublicAddress(ip: string): boolean {
  if (ipaddr.IPv4.isValidFourPartDecimal(ip))
    return ip !== AZURE_METADATA && ipaddr.IPv4.parse(ip).range() === "unicast";
  if (!ipaddr.IPv6.isValid(ip)) return false;
  const address = ipaddr.IPv6.parse(ip);
  return address.range() === "unicast" && address.match(GIVEN_OUT);
}
