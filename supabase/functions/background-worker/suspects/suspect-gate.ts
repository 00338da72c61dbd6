// Work that was begun before and never ended may have ended its isolate. Such a suspect is tried again alone, so that no other
// work ends with it and is taken for the cause.

export class SuspectGate {
  private readonly running = new Set<Promise<unknown>>();
  /** Settles when the last suspect that runs or waits has ended. */
  private suspects: Promise<void> | undefined;

  /** Runs the work beside other work; a suspect waits until nothing else runs, and nothing else begins until it has ended. */
  run<T>(isSuspect: boolean, work: () => Promise<T>): Promise<T> {
    return isSuspect ? this.runAlone(work) : this.runBeside(work);
  }

  private async runBeside<T>(work: () => Promise<T>): Promise<T> {
    while (this.suspects) await this.suspects;
    const done = work();
    this.running.add(done);
    try {
      return await done;
    } finally {
      this.running.delete(done);
    }
  }

  private async runAlone<T>(work: () => Promise<T>): Promise<T> {
    const before = this.suspects;
    let end = () => {};
    const turn = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.suspects = turn;
    try {
      await before;
      await Promise.allSettled(this.running);
      return await work();
    } finally {
      if (this.suspects === turn) this.suspects = undefined;
      end();
    }
  }
}

/** One for the isolate. */
export const suspectGate = new SuspectGate();
