// Loads one Edge Function as the hosted runtime does and serves it on a loopback port the system chooses.
import { noticeLine, type Start } from "../runner-protocol.ts";
import { threadCpuMs } from "./cpu-clocks.ts";
import { deno, type ServeInfo } from "./deno-runtime.ts";
import type { FromMain, ToMain } from "./watch-limits.ts";

type EdgeFunction = { fetch: (request: Request, info: ServeInfo) => Response | Promise<Response> };
type Watcher = {
  postMessage(message: FromMain): void;
  onmessage: ((event: { data: ToMain }) => void) | null;
};

// 100 MB take 0.3 s; a caller who sends more slowly than that for this long loses its answer.
const drainMs = 10_000;

const { entry, token, limits } = JSON.parse(deno.args[0] ?? "{}") as Start;
const scope = globalThis as unknown as Record<string, unknown> & {
  Worker: new (url: URL, options: { type: "module" }) => Watcher;
  dispatchEvent(event: Event): boolean;
};

/** CPU of this thread when the function's code began to run. */
let evaluatedAtMs = Number.POSITIVE_INFINITY;
const usedMs = () => Math.max(0, threadCpuMs() - evaluatedAtMs);

const watcher = await startWatcher();
scope.EdgeRuntime = {
  waitUntil(promise: Promise<unknown>): Promise<unknown> {
    // A rejected task is logged, not fatal: its call has been answered long ago.
    hold(Promise.resolve(promise).catch((error) => console.error("background task failed:", error)));
    return promise;
  },
};
// Hosted functions have no workers.
delete (scope as Record<string, unknown>).Worker;

/** A call ends when its answer is sent, a background task when it has settled: the process does not end before. */
function hold(promise: Promise<unknown>): void {
  watcher.postMessage({ began: usedMs() });
  const release = () => watcher.postMessage({ ended: usedMs() });
  promise.then(release, release);
}

function tell(notice: Parameters<typeof noticeLine>[1]): void {
  deno.stdout.writeSync(new TextEncoder().encode(noticeLine(token, notice)));
}

async function startWatcher(): Promise<Watcher> {
  const thread = new scope.Worker(new URL("./watch-limits.ts", import.meta.url), { type: "module" });
  await new Promise<void>((resolve) => {
    thread.onmessage = () => resolve();
  });
  // Only the clocks, which both threads have opened by now, needed this.
  await deno.permissions.revoke({ name: "ffi" });
  thread.postMessage({ watch: { token, limits } });
  thread.onmessage = ({ data }) => {
    if (data === "ready") return;
    if (data === "tell_cpu") {
      thread.postMessage({ used: usedMs() });
      return;
    }
    scope.dispatchEvent(new CustomEvent("beforeunload", { detail: { reason: data.unload } }));
    thread.postMessage("unloaded");
  };
  return thread;
}

async function load(): Promise<EdgeFunction> {
  const mark = new URL("./mark-evaluation.ts", import.meta.url);
  // Modules are evaluated in this order, once all of them are loaded.
  const both = `export { evaluatedAtMs } from "${mark}"; export * as edge from "${entry}";`;
  const module = (await import(`data:text/javascript,${encodeURIComponent(both)}`)) as {
    evaluatedAtMs: number;
    edge: { default?: Partial<EdgeFunction> };
  };
  ({ evaluatedAtMs } = module);
  const { default: edge } = module.edge;
  if (typeof edge?.fetch !== "function") {
    throw new Error("index.ts must have a default export with a `fetch` method: export default { fetch }");
  }
  return edge as EdgeFunction;
}

// If a body is not read, the server resets the connection and the caller loses the answer.
async function drain(request: Request): Promise<void> {
  if (!request.body || request.bodyUsed || request.body.locked) return;
  const signal = AbortSignal.timeout(drainMs);
  await request.body.pipeTo(new WritableStream(), { signal }).catch(() => {});
}

async function answer(edge: EdgeFunction, request: Request, info: ServeInfo): Promise<Response> {
  hold(info.completed);
  try {
    const response = await edge.fetch(request, info);
    await drain(request);
    return response;
  } catch (error) {
    console.error(error);
    await drain(request);
    return Response.json(
      { code: "WORKER_ERROR", message: "Function exited due to an error (please check logs)" },
      { status: 500, headers: { "sb-error-code": "WORKER_ERROR" } },
    );
  }
}

try {
  const edge = await load();
  const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  const server = deno.serve(options, (request, info) => answer(edge, request, info));
  tell({ type: "ready", port: server.addr.port });
} catch (error) {
  tell({
    type: "boot-error",
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
  });
}
