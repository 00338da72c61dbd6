// The CPU that this process and the calling thread have used, by libc calls that every POSIX system has.
import { deno } from "./deno-runtime.ts";

const isDarwin = deno.build.os === "darwin";
const { symbols } = deno.dlopen(isDarwin ? "/usr/lib/libSystem.B.dylib" : "libc.so.6", {
  clock: { parameters: [], result: "i64" },
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
  _exit: { parameters: ["i32"], result: "void" },
});

/** CLOCK_THREAD_CPUTIME_ID, whose number each system chose for itself. */
const THREAD_CLOCK = isDarwin ? 16 : 3;
/** A timespec: seconds and nanoseconds. */
const time = new BigInt64Array(2);

/** Milliseconds of all threads of the process. */
export function processCpuMs(): number {
  return Number(symbols.clock()) / 1000;
}

/** Milliseconds of this thread alone. */
export function threadCpuMs(): number {
  symbols.clock_gettime(THREAD_CLOCK, time);
  return Number(time[0]) * 1000 + Number(time[1]) / 1_000_000;
}

/** Ends the process, even if its main thread is busy. */
export function exitNow(): void {
  symbols._exit(0);
}
