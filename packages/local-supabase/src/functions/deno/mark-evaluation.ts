// Imported right before a function's own code: all code is loaded by then and none has run. Hosted counts from there.
import { threadCpuMs } from "./cpu-clocks.ts";

/** CPU of the thread when the function's code began to run, in milliseconds. */
export const evaluatedAtMs = threadCpuMs();
