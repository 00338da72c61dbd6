// How much one drain may do before it leaves the rest to the next one: items, time, and what is left of its isolate's CPU.
import { type IsolateCpu, isolateCpu } from "./isolate-cpu.ts";

const MAX_SENDS = 1_000;
const MAX_WALL_MS = 60_000;
/** Calls to outside services: they and 1,000 sends fit into the CPU, so that they do not end sending sooner. */
const MAX_CALLS = 200;

/**
 * CPU milliseconds by kind of work, measured in Deno 2.1.4 on a 2-core machine on the function's own thread. That
 * version can't read its own CPU time (process.cpuUsage is not implemented), so it is estimated. If the estimate is too low,
 * the platform announces the limit by beforeunload, and the drain stops there. If it is too high, isolates are left early, and
 * each new one costs its start. With 0.5 for a send, a busy machine had isolates told to end, and only one isolate fewer was
 * needed for 10,000 messages.
 * A call that comes back to an isolate shows that the estimate is too high; then the next one waits longer.
 * removal and file were not measured: they are several times what their calls should take.
 */
const CPU_MS = {
  send: 0.7,
  claim: 1.5,
  round: 0.7,
  build: 2,
  chunk: 75,
  step: 300,
  removal: 15,
  call: 1,
  file: 20,
} as const;

const MEBIBYTE_MS = 12;

export class DrainBudget {
  private sends = 0;
  private calls = 0;
  private readonly startedAt = performance.now();

  constructor(private readonly isolate: IsolateCpu = isolateCpu) {}

  spend(kind: keyof typeof CPU_MS, count = 1): void {
    if (kind === "send") this.sends += count;
    if (kind === "call") this.calls += count;
    this.isolate.spend(CPU_MS[kind] * count);
  }

  /**
   * Begins a piece of work: its estimate counts until it ends, and then no more than the time it took. Most pieces are small, and
   * an isolate that counted each as the largest would be left with most of its CPU unused.
   * @returns call it when the piece has ended; undefined if there is no room for it
   */
  begin(kind: keyof typeof CPU_MS): (() => void) | undefined {
    if (!this.hasRoomFor(kind)) return undefined;
    const started = performance.now();
    const end = this.isolate.reserve(CPU_MS[kind]);
    return () => end(performance.now() - started);
  }

  /** Counts the CPU that a piece of work took beyond the estimate for its kind. */
  correct(kind: keyof typeof CPU_MS, ms: number): void {
    this.isolate.spend(Math.max(0, ms - CPU_MS[kind]));
  }

  /** Counts the CPU of bytes that were read and stored again. */
  spendOnBytes(count: number): void {
    this.isolate.spend((MEBIBYTE_MS * count) / 1_048_576);
  }

  get sendsLeft(): number {
    return Math.max(0, MAX_SENDS - this.sends);
  }

  get callsLeft(): number {
    return this.isSpent ? 0 : Math.max(0, MAX_CALLS - this.calls);
  }

  get isSpent(): boolean {
    return (
      this.sends >= MAX_SENDS || this.isolate.isUsedUp || performance.now() - this.startedAt >= MAX_WALL_MS
    );
  }

  /** Whether one more of the kind may begin: no large piece is begun that the end of the isolate could cut off. */
  hasRoomFor(kind: keyof typeof CPU_MS): boolean {
    return !this.isSpent && this.isolate.hasRoomFor(CPU_MS[kind]);
  }

  get spent(): { sends: number; ms: number; isolate_cpu_ms: number } {
    const ms = Math.round(performance.now() - this.startedAt);
    return { sends: this.sends, ms, isolate_cpu_ms: this.isolate.usedMs };
  }
}
