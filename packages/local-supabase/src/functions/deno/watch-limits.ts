// A thread beside the function's: it sees a busy main thread, holds calls to their limits, hears the runner's orders,
// and ends the process when the runner is gone.
import { type Limits, type Notice, noticeLine, type Order, type UnloadReason } from "../runner-protocol.ts";
import { CallLedger } from "./call-ledger.ts";
import { deno } from "./deno-runtime.ts";

/** A number: a call or background task begins (its id), ends (minus its id), or `beforeunload` was dispatched (0). */
type FromMain = { watch: { token: string; limits: Limits } } | number;

const main = globalThis as unknown as {
  onmessage: (event: { data: FromMain }) => void;
  postMessage: (message: "ready" | { unload: UnloadReason }) => void;
};

// clock() is the process' CPU time in microseconds on every POSIX system; _exit works whatever the main thread does.
const library = deno.build.os === "darwin" ? "/usr/lib/libSystem.B.dylib" : "libc.so.6";
const { symbols: libc } = deno.dlopen(library, {
  clock: { parameters: [], result: "i64" },
  _exit: { parameters: ["i32"], result: "void" },
});

const mebibyte = 1024 * 1024;
const sampleMs = 20;
// A function that listens to `beforeunload` is told when this much of a limit is gone, as hosted does.
const near = 0.9;

const bareRuntime = deno.memoryUsage().rss;
const ledger = new CallLedger(
  () => Number(libc.clock()),
  () => performance.now(),
);
let token = "";
let limits: Limits = { cpuMs: Number.POSITIVE_INFINITY, memoryMb: Number.POSITIVE_INFINITY };
let sampler: ReturnType<typeof setInterval> | undefined;
let leaving: UnloadReason | undefined;
let announced = false;
let acknowledged = false;
const told = new Set<"cpu" | "memory">();

function tell(notice: Notice): void {
  deno.stdout.writeSync(new TextEncoder().encode(noticeLine(token, notice)));
}

function hold(limit: "cpu" | "memory", used: number, allowed: number, unit: string): void {
  if (used < allowed * near) return;
  const detail = `${Math.round(used)} of ${allowed} ${unit}`;
  if (used >= allowed) {
    tell({ type: "limit", limit, stage: "over", detail });
    return;
  }
  if (told.has(limit)) return;
  told.add(limit);
  tell({ type: "limit", limit, stage: "near", detail });
  announce(limit);
}

function sample(): void {
  const worst = ledger.charge();
  if (!worst) {
    clearInterval(sampler);
    sampler = undefined;
    return;
  }
  hold("cpu", worst.cpuMs, limits.cpuMs, "ms CPU");
  hold("memory", (deno.memoryUsage().rss - bareRuntime) / mebibyte, limits.memoryMb, "MiB");
}

function announce(reason: UnloadReason): void {
  announced = true;
  main.postMessage({ unload: reason });
}

// Its listeners have heard of the end before it comes, and what they began by then is finished.
function leaveIfIdle(): void {
  if (!leaving || ledger.inProgress > 0) return;
  if (!announced) announce(leaving);
  else if (acknowledged) libc._exit(0);
}

function obey(order: Order): void {
  if ("announce" in order) {
    announce(order.announce);
    return;
  }
  leaving = order.leave;
  setTimeout(() => libc._exit(0), order.graceMs);
  leaveIfIdle();
}

async function hear(): Promise<void> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(4096);
  let text = "";
  for (;;) {
    const length = await deno.stdin.read(buffer);
    // The runner is gone, even if by kill -9: nobody would answer for this process any more.
    if (length === null) {
      announce("termination");
      return obey({ leave: "termination", graceMs: 200 });
    }
    text += decoder.decode(buffer.subarray(0, length), { stream: true });
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) obey(JSON.parse(line) as Order);
  }
}

main.onmessage = ({ data }) => {
  if (typeof data === "object") {
    ({ token, limits } = data.watch);
    void hear();
    return;
  }
  if (data > 0) {
    ledger.begin(data);
    sampler ??= setInterval(sample, sampleMs);
    return;
  }
  if (data < 0) ledger.end(-data);
  else acknowledged = true;
  leaveIfIdle();
};
main.postMessage("ready");
