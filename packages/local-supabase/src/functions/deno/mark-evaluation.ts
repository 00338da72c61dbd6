// Imported right before a function's own code: everything is loaded by then and nothing has run, and hosted counts from there.
import { threadCpuMs } from "./cpu-clocks.ts";

/** CPU of the thread when the function's code began to run, in milliseconds. */
export const evaluatedAtMs = threadCpuMs();
