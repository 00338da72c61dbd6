// Whether a service may be called at its URL: by https and at a public address. The only exception is this machine, while Twilio
// itself is a simulator on it.
import { lookup } from "node:dns/promises";
import { isLoopbackUrl } from "../twilio/is-loopback-url.ts";
import { OutsideError } from "./outside-error.ts";
import { isPublicAddress } from "./public-address.ts";

/** Addresses of a host name. @throws where it has none */
export type Resolve = (host: string) => Promise<string[]>;

const resolveByDns: Resolve = async (host) =>
  (await lookup(host, { all: true })).map(({ address }) => address);

/** Names that mean something only inside a network. */
const INSIDE = /(^|\.)(localhost|local|internal|intranet|lan|home|corp|localdomain|arpa)$|^[^.]+$/;

/**
 * What can be said of a URL by looking at it.
 * @param allowsLoopback whether http to this machine is right: Twilio's API is on it too
 * @returns why it may not be called, null where it may
 */
export function refuseUrl(url: string, allowsLoopback: boolean): string | null {
  if (!URL.canParse(url)) return "This is no URL.";
  const { protocol, hostname, username, password, hash } = new URL(url);
  if (username !== "" || password !== "")
    return "Leave name and password out of the URL: they are the secret's business.";
  if (hash !== "") return "Leave the part from # on out of the URL: it is never sent.";
  if (allowsLoopback && isLoopbackUrl(url)) return null;
  if (protocol !== "https:") return "Only https is called: what is sent is about people.";
  // URL has brought 0x7f.1, 2130706433 and the like into their usual form.
  const host = hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  const isLiteral = hostname.startsWith("[") || /^[\d.]+$/.test(host);
  if (isLiteral ? !isPublicAddress(host) : INSIDE.test(host))
    return "Only addresses of the public Internet are called, no private or local one.";
  return null;
}

/**
 * Looks at the addresses behind the name too, right before each call: a name may lead anywhere tomorrow.
 * @throws OutsideError blocked where it may not be called, retry where the name leads nowhere
 */
export async function requireCallable(
  url: string,
  allowsLoopback: boolean,
  resolve: Resolve = resolveByDns,
): Promise<void> {
  const refusal = refuseUrl(url, allowsLoopback);
  if (refusal) throw new OutsideError("blocked", refusal, { isCharged: false });
  if (allowsLoopback && isLoopbackUrl(url)) return;
  const { hostname } = new URL(url);
  if (hostname.startsWith("[") || /^[\d.]+$/.test(hostname)) return;
  const addresses = await resolve(hostname).catch(() => {
    throw new OutsideError("retry", "Its name leads to no address.", { isCharged: false });
  });
  if (addresses.length === 0 || !addresses.every(isPublicAddress))
    throw new OutsideError("blocked", "Its name leads to a private or local address.", { isCharged: false });
}
