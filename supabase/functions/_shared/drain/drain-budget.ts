// How much one drain may do before it leaves the rest to the next: items, wall clock and CPU.

const MAX_SENDS = 1_000;
const MAX_WALL_MS = 60_000;
const MAX_CPU_MS = 1_500;
/** Calls to services outside: with 1,000 sends they fit into the CPU, so that sending ends no sooner for them. */
const MAX_CALLS = 200;

/**
 * CPU milliseconds by kind of work, measured in Deno 2.1.4 on a 2-core machine with the whole process counted. That
 * version has no way to read its own CPU time (process.cpuUsage is not implemented), so it is reckoned; where it was
 * reckoned too low, the platform announces the limit by beforeunload, and the drain stops there.
 */
const CPU_MS = { send: 1, claim: 1.5, round: 0.7, build: 2, chunk: 75, step: 200, call: 1 } as const;

export class DrainBudget {
  private sends = 0;
  private calls = 0;
  private cpuMs = 0;
  private readonly startedAt = performance.now();

  spend(kind: keyof typeof CPU_MS, count = 1): void {
    if (kind === "send") this.sends += count;
    if (kind === "call") this.calls += count;
    this.cpuMs += CPU_MS[kind] * count;
  }

  /** Counts what a piece of work took beyond what was reckoned for its kind. */
  correct(kind: keyof typeof CPU_MS, ms: number): void {
    this.cpuMs += Math.max(0, ms - CPU_MS[kind]);
  }

  get sendsLeft(): number {
    return Math.max(0, MAX_SENDS - this.sends);
  }

  get callsLeft(): number {
    return this.isSpent ? 0 : Math.max(0, MAX_CALLS - this.calls);
  }

  get isSpent(): boolean {
    return (
      this.sends >= MAX_SENDS || this.cpuMs >= MAX_CPU_MS || performance.now() - this.startedAt >= MAX_WALL_MS
    );
  }

  get spent(): { sends: number; ms: number; cpu_ms: number } {
    const ms = Math.round(performance.now() - this.startedAt);
    return { sends: this.sends, ms, cpu_ms: Math.round(this.cpuMs) };
  }
}
