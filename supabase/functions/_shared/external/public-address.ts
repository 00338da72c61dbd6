// Whether an address on the network is anybody's but ours: not this machine, not a private network, not a cloud's metadata.
import ipaddr from "ipaddr.js";

/** Of IPv6 only this is given out to networks; the rest of what is no special range is nobody's yet. */
const GIVEN_OUT = ipaddr.IPv6.parseCIDR("2000::/3");
/** Azure's own, which answers from inside: the only metadata address in public space. */
const AZURE_METADATA = "168.63.129.16";

/** @param ip as DNS gives it, or as it stands in a URL without brackets */
export function isPublicAddress(ip: string): boolean {
  if (ipaddr.IPv4.isValidFourPartDecimal(ip))
    return ip !== AZURE_METADATA && ipaddr.IPv4.parse(ip).range() === "unicast";
  if (!ipaddr.IPv6.isValid(ip)) return false;
  const address = ipaddr.IPv6.parse(ip);
  return address.range() === "unicast" && address.match(GIVEN_OUT);
}
