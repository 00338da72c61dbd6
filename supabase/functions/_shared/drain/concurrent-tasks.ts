// Tasks that run beside each other in a drain, each at most once at a time. The failure of one is logged and ends no other.
import { describeCause } from "../http/describe-cause.ts";
import type { Log } from "../http/log.ts";

export interface Task {
  /** What is said of it in the log. */
  name: string;
  run(): Promise<void>;
}

export class ConcurrentTasks<Kind extends string> {
  private readonly running = new Map<Kind, Promise<void>>();

  /** @param onEnd called whenever one has ended */
  constructor(
    private readonly kinds: Record<Kind, Task>,
    private readonly log: Log,
    private readonly onEnd: () => void,
  ) {}

  get isIdle(): boolean {
    return this.running.size === 0;
  }

  /** Begins what is due and not under way. */
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
