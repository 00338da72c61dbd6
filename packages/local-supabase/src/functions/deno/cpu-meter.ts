// How much CPU the function's thread has used since its code began to run: what the hosted runtime counts, for an isolate's life.

/**
 * The thread reports its own clock while it is not busy. After that the process' clock is used, and a slice of it never counts
 * more than the time that passed: V8's helper threads use CPU too, which hosted does not count.
 */
export class CpuMeter {
  private usedMs = 0;
  private lastCpu: number;
  private lastWall: number;

  constructor(
    private readonly processCpuMs: () => number,
    private readonly wallMs: () => number,
  ) {
    this.lastCpu = processCpuMs();
    this.lastWall = wallMs();
  }

  /** @param usedMs what the thread's own clock says */
  correct(usedMs: number): void {
    this.read();
    this.usedMs = usedMs;
  }

  read(): number {
    const cpu = this.processCpuMs();
    const wall = this.wallMs();
    this.usedMs += Math.max(0, Math.min(cpu - this.lastCpu, wall - this.lastWall));
    this.lastCpu = cpu;
    this.lastWall = wall;
    return this.usedMs;
  }
}
