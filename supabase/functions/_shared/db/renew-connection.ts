// A client of postgres.js whose connection is replaced, not reused, once it was lost.
//
// postgres.js 3.4.9 keeps what it had not yet written when a connection was cut, and believes for good that it is about to
// write it: in Deno every second cut under load left a client whose every later query hung, or ended the isolate by writing to
// a socket that was gone. So a client is given up with its connection. (One that is cut while it connects is found out by
// connect_timeout.)
import type postgres from "postgres";

/** Queries that wait in a client which was given up have this long; in a healthy one they need milliseconds. */
const LAST_SECONDS = 1;

/**
 * @param open makes a client that calls `onclose` when it loses its connection, whatever the reason; it connects at its first query
 * @returns a client that always uses the newest of them. What was under way when a connection was lost fails with a code of
 *   postgres.js' (CONNECTION_CLOSED, CONNECTION_DESTROYED, ECONNRESET, …), as it does without this
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

/** Such a write fails in a timer, where nothing can catch it; its query fails by the end of its client. */
const LOST_WRITE = "Cannot read properties of null (reading 'write')";
globalThis.addEventListener?.("error", (event) => {
  if ((event as ErrorEvent).error?.message === LOST_WRITE) event.preventDefault();
});
/** The question for array types that opens a connection is awaited by nobody; the query that waits for it connects again. */
const ARRAY_TYPES = /^\s*select b\.oid, b\.typarray/;
globalThis.addEventListener?.("unhandledrejection", (event) => {
  if (ARRAY_TYPES.test((event as PromiseRejectionEvent).reason?.query)) event.preventDefault();
});
