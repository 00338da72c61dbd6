// A client of postgres.js that is replaced, not reused, once its connection was lost.
//
// postgres.js 3.4.9 keeps what it had not yet written when a connection was cut, and never notices that it will not be written.
// In Deno, every second cut under load left a client whose every later query hung, or ended the isolate by writing to a closed
// socket. So a client is given up with its connection. (A cut during connecting is noticed by connect_timeout.)
import type postgres from "postgres";

/** The time left to queries that wait in a client that was given up; in a healthy one they need milliseconds. */
const LAST_SECONDS = 1;

/**
 * @param open makes a client that connects at its first query, and calls `onclose` when it loses its connection for any reason
 * @returns a client that always uses the newest one. Queries under way when a connection is lost fail with a code of postgres.js
 *   (CONNECTION_CLOSED, CONNECTION_DESTROYED, ECONNRESET, …), as they do without this
 */
export function renewConnection(open: (onclose: () => void) => postgres.Sql): postgres.Sql {
  let isEnded = false;
  let current = make();

  function make(): postgres.Sql {
    const client = open(() => {
      if (isEnded || client !== current) return;
      current = make();
      void client.end({ timeout: LAST_SECONDS });
    });
    return client;
  }

  const end = (options?: { timeout?: number }) => {
    isEnded = true;
    return current.end(options);
  };
  return new Proxy((() => {}) as unknown as postgres.Sql, {
    apply: (_target, _this, args) => Reflect.apply(current as never, undefined, args),
    get: (_target, name) => (name === "end" ? end : Reflect.get(current, name)),
  });
}

/** A write to a lost connection fails in a timer, where nothing can catch it. Its query fails when its client ends. */
const LOST_WRITE = "Cannot read properties of null (reading 'write')";
globalThis.addEventListener?.("error", (event) => {
  if ((event as ErrorEvent).error?.message === LOST_WRITE) event.preventDefault();
});
/** The query for array types that opens a connection is not awaited; the query that waits for it connects again. */
const ARRAY_TYPES = /^\s*select b\.oid, b\.typarray/;
globalThis.addEventListener?.("unhandledrejection", (event) => {
  if (ARRAY_TYPES.test((event as PromiseRejectionEvent).reason?.query)) event.preventDefault();
});
