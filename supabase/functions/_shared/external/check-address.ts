// Whether a service may be called at its URL: by https and at a public address. The only exception is this machine, while Twilio
// itself is a simulator on it.
import { lookup } from "node:dns/promises";
import { isLoopbackUrl } from "../twilio/is-loopback-url.ts";
import { ExternalError } from "./external-error.ts";
import { isPublicAddress } from "./public-address.ts";

/** Addresses of a host name. @throws where it has none */
export type Resolve = (host: string) => Promise<string[]>;

const resolveByDns: Resolve = async (host) =>
  (await lookup(host, { all: true })).map(({ address }) => address);

/** Names that mean something only inside a network. */
const INSIDE =
  /(^|\.)(localhost|local|internal|intranet|lan|home|corp|localdomain|private|arpa|onion)$|^[^.]+$/;
/** What URL leaves of a part of a name, international ones as xn--. */
const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;

/**
 * What can be said of a URL by looking at it.
 * @param allowsLoopback whether http to this machine is right: Twilio's API is on it too
 * @returns why it may not be called, null where it may
 */
export function refuseUrl(url: string, allowsLoopback: boolean): string | null {
  if (!URL.canParse(url)) return "This is no URL.";
  // URL overlooks or rewrites these where others, such as the database, see another host.
  if (!/^[!-~]*$/.test(url) || url.includes("\\"))
    return "Write the URL in ASCII, without spaces and backslashes; other characters as %xx, an international name as xn--.";
  const { protocol, hostname, port, username, password, hash } = new URL(url);
  if (username !== "" || password !== "")
    return "Leave name and password out of the URL: they are the secret's business.";
  if (hash !== "") return "Leave the part from # on out of the URL: it is never sent.";
  if (allowsLoopback && protocol === "http:" && isLoopbackUrl(url)) return null;
  if (protocol !== "https:") return "Only https is called: what is sent is about people.";
  // URL has brought 0x7f.1, 2130706433 and the like into their usual form, and leaves out the port that https has anyway.
  if (port !== "") return "Only port 443 is called: leave the port out of the URL.";
  if (!isCallableHost(hostname))
    return "Only addresses of the public Internet are called, no private or local one.";
  return null;
}

function isCallableHost(hostname: string): boolean {
  if (isLiteral(hostname)) return isPublicAddress(plainAddress(hostname));
  const isName = hostname.length <= 253 && hostname.split(".").every((label) => LABEL.test(label));
  return isName && !INSIDE.test(hostname);
}

const isLiteral = (hostname: string) => hostname.startsWith("[") || /^[\d.]+$/.test(hostname);
const plainAddress = (hostname: string) => hostname.replace(/^\[|\]$/g, "");

/**
 * Looks a name up, once: whoever calls must connect to one of these addresses and look nothing up again.
 * @returns the addresses that may be connected to, at least one
 * @throws ExternalError blocked where it may not be called, retry where the name leads nowhere
 */
export async function findAddresses(
  url: string,
  allowsLoopback: boolean,
  resolve: Resolve = resolveByDns,
): Promise<string[]> {
  const refusal = refuseUrl(url, allowsLoopback);
  if (refusal) throw new ExternalError("blocked", refusal, { isCharged: false });
  const { hostname } = new URL(url);
  if (isLiteral(hostname)) return [plainAddress(hostname)];
  if (allowsLoopback && isLoopbackUrl(url)) return ["127.0.0.1"];
  const addresses = await resolve(hostname).catch(() => {
    throw new ExternalError("retry", "Its name leads to no address.", { isCharged: false });
  });
  // One that is not public is enough: a name that leads to both is a trap.
  if (addresses.length === 0 || !addresses.every(isPublicAddress))
    throw new ExternalError("blocked", "Its name leads to a private or local address.", { isCharged: false });
  return addresses;
}
