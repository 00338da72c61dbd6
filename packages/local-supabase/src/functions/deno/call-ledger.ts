// Who used how much CPU: what the process burns is shared among the calls in progress.

export type Charge = { id: number; cpuMs: number };

/**
 * The clock given is the process' CPU time in microseconds. A slice never counts more than the wall time it took: V8's
 * helper threads may burn CPU beside the one thread of the function, which is what hosted limits measure.
 */
export class CallLedger {
  private readonly used = new Map<number, number>();
  private lastCpu = 0;
  private lastWall = 0;

  constructor(
    private readonly cpuMicros: () => number,
    private readonly wallMs: () => number,
  ) {}

  get inProgress(): number {
    return this.used.size;
  }

  begin(id: number): void {
    this.charge();
    this.used.set(id, 0);
  }

  end(id: number): void {
    this.charge();
    this.used.delete(id);
  }

  /** Shares what was burnt since the last time. Returns the call that has used most, or null if there is none. */
  charge(): Charge | null {
    const cpu = this.cpuMicros();
    const wall = this.wallMs();
    const burnt = Math.min((cpu - this.lastCpu) / 1000, wall - this.lastWall);
    this.lastCpu = cpu;
    this.lastWall = wall;
    if (this.used.size === 0) return null;
    const share = Math.max(0, burnt) / this.used.size;
    let worst: Charge | null = null;
    for (const [id, before] of this.used) {
      const cpuMs = before + share;
      this.used.set(id, cpuMs);
      if (!worst || cpuMs > worst.cpuMs) worst = { id, cpuMs };
    }
    return worst;
  }
}
