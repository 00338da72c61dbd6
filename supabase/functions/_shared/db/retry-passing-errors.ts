// Retries a database call after a passing error, one that is no fault of the call: a STOP must not be lost to a deadlock.

/**
 * Serialization failure, deadlock, a server that stops or starts, too many connections, lock not available; the rest are lost
 * connections (Deno knows some only as UNKNOWN).
 */
const PASSING =
  /^(?:40001|40P01|57P0[1-3]|53300|55P03|08...|CONNECT_TIMEOUT|CONNECTION_\w+|ECONNREFUSED|ECONNRESET|EPIPE|UNKNOWN)$/;
const WAITS_MS = [50, 200, 800, 2_500];

/** Whether the same call may succeed a moment later. */
export function isPassing(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === "string" && PASSING.test(code);
}

/**
 * Up to five tries within 4 s, since Twilio waits 15 s for an answer and repeats inbound messages only if it is configured to.
 * @param work must change nothing the second time, in case the first try was committed after all
 * @throws the last error
 */
export async function retryPassingErrors<T>(work: () => PromiseLike<T>): Promise<T> {
  for (const waitMs of WAITS_MS) {
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error)) throw error;
    }
    // Jitter, or two calls that collided would collide again.
    await new Promise((resolve) => setTimeout(resolve, waitMs * (0.5 + Math.random())));
  }
  return await work();
}
