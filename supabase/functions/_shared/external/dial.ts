// Connects to one address, with TLS for the name from which the address was found. fetch would look the name up itself, a second
// time, so the owner of the name could show a public address to our check and a private one to fetch.

export interface Connection {
  readable: ReadableStream<Uint8Array>;
  writable: WritableStream<Uint8Array>;
  close(): void;
}

export interface Target {
  /** The address to connect to, which was checked. */
  ip: string;
  port: number;
  /** The name that the certificate must be for; undefined: no TLS. */
  tlsName: string | undefined;
}

/** Opens a connection. @throws DialError if there is none within the signal's time */
export type Dial = (target: Target, signal: AbortSignal) => Promise<Connection>;

export class DialError extends Error {
  override readonly name = "DialError";
  constructor(
    /** certificate: the other side can't prove its name. unreachable: nobody answers. */
    readonly kind: "certificate" | "unreachable",
    cause: unknown,
  ) {
    super(kind, { cause });
  }
}

/** The part of Deno that is needed here. Node, where scripts and tests are type-checked, does not have Deno's types. */
interface DenoNetwork {
  connect(options: { hostname: string; port: number }): Promise<DenoConnection>;
  startTls(
    connection: DenoConnection,
    options: { hostname: string; caCerts?: string[]; alpnProtocols?: string[] },
  ): Promise<DenoConnection & { handshake(): Promise<unknown> }>;
}
type DenoConnection = Connection;

/** @param caCerts PEM of further authorities that may sign certificates: for tests, which have no public one */
export function dialWith(caCerts: string[] = []): Dial {
  return async ({ ip, port, tlsName }, signal) => {
    const { Deno } = globalThis as typeof globalThis & { Deno: DenoNetwork };
    const plain = await inTime(Deno.connect({ hostname: ip, port }), signal);
    if (tlsName === undefined) return plain;
    const onAbort = () => closeQuietly(plain);
    signal.addEventListener("abort", onAbort);
    try {
      const secure = await Deno.startTls(plain, { hostname: tlsName, caCerts, alpnProtocols: ["http/1.1"] });
      try {
        await inTime(secure.handshake(), signal, () => closeQuietly(secure));
      } catch (error) {
        closeQuietly(secure);
        throw error;
      }
      return secure;
    } catch (error) {
      closeQuietly(plain);
      throw error instanceof DialError ? error : new DialError("unreachable", error);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  };
}

/** Deno 2.1 can't abort these calls, so a connection that is made too late is closed. */
async function inTime<T>(work: Promise<T>, signal: AbortSignal, giveUp?: () => void): Promise<T> {
  let onAbort = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort);
  });
  try {
    return await Promise.race([work, aborted]);
  } catch (error) {
    giveUp?.();
    work.then(closeQuietly, () => {});
    throw new DialError(isCertificateError(error) ? "certificate" : "unreachable", error);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

const isCertificateError = (error: unknown): boolean =>
  error instanceof Error && /certificate|UnknownIssuer|NotValidForName/.test(error.message);

function closeQuietly(connection: unknown): void {
  try {
    (connection as Partial<Connection>)?.close?.();
  } catch {
    // It is closed already, or has become the TLS connection.
  }
}
