// Tasks that run at the same time in a drain, each at most once. If one fails, that is logged, and the others go on.
import { describeCause } from "../http/describe-cause.ts";
import type { Log } from "../http/log.ts";

export interface Task {
  /** Its name in the log. */
  name: string;
  run(): Promise<void>;
}

export class ConcurrentTasks<Kind extends string> {
  private readonly running = new Map<Kind, Promise<void>>();

  /** @param onEnd called whenever a task has ended */
  constructor(
    private readonly kinds: Record<Kind, Task>,
    private readonly log: Log,
    private readonly onEnd: () => void,
  ) {}

  get isIdle(): boolean {
    return this.running.size === 0;
  }

  isRunning(kind: Kind): boolean {
    return this.running.has(kind);
  }

  /** Begins the tasks that are due and not under way. */
  begin(due: Record<Kind, boolean>): void {
    for (const kind of Object.keys(this.kinds) as Kind[]) {
      if (due[kind] && !this.running.has(kind)) this.running.set(kind, this.run(kind));
    }
  }

  async finish(): Promise<void> {
    await Promise.all(this.running.values());
  }

  private async run(kind: Kind): Promise<void> {
    const { name, run } = this.kinds[kind];
    try {
      await run();
    } catch (error) {
      this.log.error(`${name} failed`, { error: describeCause(error) });
    } finally {
      this.running.delete(kind);
      this.onEnd();
    }
  }
}
