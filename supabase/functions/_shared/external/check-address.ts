// Checks whether a service may be called at its URL: only by https and at a public address. The only exception is this machine,
// while Twilio itself is a simulator on it.
import { lookup } from "node:dns/promises";
import { isLoopbackUrl } from "../twilio/is-loopback-url.ts";
import { ExternalError } from "./external-error.ts";
import { isPublicAddress } from "./public-address.ts";

/** Looks up the addresses of a host name. @throws if it has none */
export type Resolve = (host: string) => Promise<string[]>;

const resolveByDns: Resolve = async (host) =>
  (await lookup(host, { all: true })).map(({ address }) => address);

/** Names that have a meaning only inside a network. */
const INSIDE =
  /(^|\.)(localhost|local|internal|intranet|lan|home|corp|localdomain|private|arpa|onion)$|^[^.]+$/;
/** A label of a host name as URL writes it, international ones as xn--. */
const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;

/**
 * Checks a URL without looking its name up.
 * @param allowsLoopback whether http to this machine is allowed, because Twilio's API is on it too
 * @returns why it may not be called, null if it may
 */
export function refuseUrl(url: string, allowsLoopback: boolean): string | null {
  if (!URL.canParse(url)) return "This is no URL.";
  // URL skips or rewrites these characters, while other parsers, such as the database's, would see another host.
  if (!/^[!-~]*$/.test(url) || url.includes("\\"))
    return "Write the URL in ASCII, without spaces and backslashes; other characters as %xx, an international name as xn--.";
  const { protocol, hostname, port, username, password, hash } = new URL(url);
  if (username !== "" || password !== "")
    return "Leave name and password out of the URL: send them as the secret.";
  if (hash !== "") return "Leave the part from # on out of the URL: it is never sent.";
  if (allowsLoopback && protocol === "http:" && isLoopbackUrl(url)) return null;
  if (protocol !== "https:") return "Only https is called: what is sent is about people.";
  // URL has normalised addresses such as 0x7f.1 and 2130706433, and leaves out the default port of https.
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
 * Looks a name up, once: the caller must connect to one of these addresses and must not look the name up again.
 * @returns the addresses that may be connected to, at least one
 * @throws ExternalError blocked if the URL may not be called, retry if the name has no address
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
  // One address that is not public is enough to refuse: a name with both kinds is a trap.
  if (addresses.length === 0 || !addresses.every(isPublicAddress))
    throw new ExternalError("blocked", "Its name leads to a private or local address.", { isCharged: false });
  return addresses;
}
