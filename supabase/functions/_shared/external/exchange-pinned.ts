// Sends requests to a service that a tenant named. Its name is looked up once, and the connection is made to one of the addresses
// that were checked.
import { findAddresses, type Resolve } from "./check-address.ts";
import { type Connection, type Dial, DialError, dialWith } from "./dial.ts";
import { type Exchange, exchangeHttp } from "./exchange-http.ts";
import { ExternalError } from "./external-error.ts";

export interface PinnedOptions {
  /** Whether services on this machine may be called, by http too. */
  allowsLoopback: boolean;
  resolve?: Resolve;
  dial?: Dial;
}

/** How many addresses are tried if a name has many. */
const MAX_ADDRESSES = 3;

/** The exchange throws ExternalError if the service may not be called or can't be reached: then nothing was sent. */
export function exchangePinned({ allowsLoopback, resolve, dial = dialWith() }: PinnedOptions): Exchange {
  return async (url, request, limits, signal) => {
    const addresses = await findAddresses(url, allowsLoopback, resolve);
    const target = new URL(url);
    const connection = await connect(target, addresses, dial, signal);
    const close = () => {
      try {
        connection.close();
      } catch {
        // The other side has closed it already.
      }
    };
    // Closing the connection ends a read that waits.
    signal.addEventListener("abort", close);
    try {
      if (signal.aborted) close();
      return await exchangeHttp(connection, target, request, limits);
    } finally {
      signal.removeEventListener("abort", close);
      close();
    }
  };
}

/** Connects to the first of the addresses that answers. Nothing is sent to the others. */
async function connect(url: URL, addresses: string[], dial: Dial, signal: AbortSignal): Promise<Connection> {
  const isTls = url.protocol === "https:";
  const port = Number(url.port || (isTls ? 443 : 80));
  const tlsName = isTls ? url.hostname.replace(/^\[|\]$/g, "") : undefined;
  let failure = new ExternalError("retry", "It can't be reached.", { isCharged: false });
  // IPv4 first, since functions do not have IPv6 everywhere.
  const inOrder = [...addresses].sort((a, b) => Number(a.includes(":")) - Number(b.includes(":")));
  for (const ip of inOrder.slice(0, MAX_ADDRESSES)) {
    try {
      return await dial({ ip, port, tlsName }, signal);
    } catch (error) {
      if (signal.aborted) break;
      if (error instanceof DialError && error.kind === "certificate") {
        const message = `Its certificate is not valid for ${url.hostname}, or nobody we trust signed it.`;
        failure = new ExternalError("blocked", message, { isCharged: false });
      }
    }
  }
  throw failure;
}
