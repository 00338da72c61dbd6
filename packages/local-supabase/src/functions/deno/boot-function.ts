// Loads one Edge Function as the hosted runtime does and serves it on a loopback port the system chooses.
import { AsyncLocalStorage } from "node:async_hooks";
import { noticeLine, type Start, type UnloadReason } from "../runner-protocol.ts";
import { deno, type ServeInfo } from "./deno-runtime.ts";

type EdgeFunction = { fetch: (request: Request, info: ServeInfo) => Response | Promise<Response> };
type Watcher = {
  postMessage(message: unknown): void;
  onmessage: ((event: { data: "ready" | { unload: UnloadReason } }) => void) | null;
};

// 100 MB take 0.3 s; a caller who sends more slowly than that for this long loses its answer.
const drainMs = 10_000;

const { entry, token, limits } = JSON.parse(deno.args[0] ?? "{}") as Start;
const scope = globalThis as unknown as Record<string, unknown> & {
  Worker: new (url: URL, options: { type: "module" }) => Watcher;
  dispatchEvent(event: Event): boolean;
};

// A call lives until its answer is sent and every promise it gave to waitUntil has settled: all of it is charged to
// that call's 2 s of CPU. Background work begun outside a call is a call of its own.
class Call {
  private static next = 1;
  private readonly id = Call.next++;
  private open = 0;

  hold(promise: Promise<unknown>): void {
    if (this.open++ === 0) watcher.postMessage(this.id);
    const release = () => {
      if (--this.open === 0) watcher.postMessage(-this.id);
    };
    promise.then(release, release);
  }
}

const current = new AsyncLocalStorage<Call>();
const watcher = await startWatcher();
scope.EdgeRuntime = {
  waitUntil(promise: Promise<unknown>): Promise<unknown> {
    const call = current.getStore() ?? new Call();
    // A rejected task is logged, not fatal: its call has been answered long ago.
    call.hold(Promise.resolve(promise).catch((error) => console.error("background task failed:", error)));
    return promise;
  },
};
// Functions have none of their own when hosted.
delete (scope as Record<string, unknown>).Worker;

function tell(notice: Parameters<typeof noticeLine>[1]): void {
  deno.stdout.writeSync(new TextEncoder().encode(noticeLine(token, notice)));
}

async function startWatcher(): Promise<Watcher> {
  const thread = new scope.Worker(new URL("./watch-limits.ts", import.meta.url), { type: "module" });
  await new Promise<void>((resolve) => {
    thread.onmessage = () => resolve();
  });
  // Only the watcher, which has opened libc by now, needed this.
  await deno.permissions.revoke({ name: "ffi" });
  thread.postMessage({ watch: { token, limits } });
  thread.onmessage = ({ data }) => {
    if (data === "ready") return;
    scope.dispatchEvent(new CustomEvent("beforeunload", { detail: { reason: data.unload } }));
    thread.postMessage(0);
  };
  return thread;
}

async function load(): Promise<EdgeFunction> {
  const module = (await import(entry)) as { default?: Partial<EdgeFunction> };
  if (typeof module.default?.fetch !== "function") {
    throw new Error("index.ts must have a default export with a `fetch` method: export default { fetch }");
  }
  return module.default as EdgeFunction;
}

// A body nobody read would make the server reset the connection, and the caller lose the answer with it.
async function drain(request: Request): Promise<void> {
  if (!request.body || request.bodyUsed || request.body.locked) return;
  const signal = AbortSignal.timeout(drainMs);
  await request.body.pipeTo(new WritableStream(), { signal }).catch(() => {});
}

async function answer(edge: EdgeFunction, request: Request, info: ServeInfo): Promise<Response> {
  const call = new Call();
  call.hold(info.completed);
  return current.run(call, async () => {
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
  });
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
