// A heap of due work with a single timer: 100,000 pending deliveries cost one setTimeout, not 100,000.

interface Due {
  at: number;
  order: number;
  run: () => void;
}

export interface TimerQueue {
  /** Runs `work` once, `delayMs` (monotonic) from now; equal times run in the order they were asked for. */
  schedule(delayMs: number, run: () => void): void;
  stop(): void;
}

/** Makes a timer queue. `onError` gets the error of work that throws; the queue goes on. */
export function createTimerQueue(onError: (error: unknown) => void): TimerQueue {
  const heap: Due[] = [];
  let order = 0;
  let timer: NodeJS.Timeout | null = null;
  let timerAt = Number.POSITIVE_INFINITY;

  const before = (a: Due, b: Due) => a.at < b.at || (a.at === b.at && a.order < b.order);

  function push(due: Due) {
    let i = heap.length;
    heap.push(due);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(due, heap[parent] as Due)) break;
      heap[i] = heap[parent] as Due;
      i = parent;
    }
    heap[i] = due;
  }

  function pop(): Due {
    const top = heap[0] as Due;
    const last = heap.pop() as Due;
    if (heap.length > 0) {
      let i = 0;
      for (;;) {
        let child = 2 * i + 1;
        if (child >= heap.length) break;
        if (child + 1 < heap.length && before(heap[child + 1] as Due, heap[child] as Due)) child++;
        if (!before(heap[child] as Due, last)) break;
        heap[i] = heap[child] as Due;
        i = child;
      }
      heap[i] = last;
    }
    return top;
  }

  function arm() {
    const next = heap[0];
    if (next === undefined || next.at >= timerAt) return;
    if (timer !== null) clearTimeout(timer);
    timerAt = next.at;
    timer = setTimeout(drain, Math.max(0, Math.ceil(next.at - performance.now())));
  }

  function drain() {
    timer = null;
    timerAt = Number.POSITIVE_INFINITY;
    const now = performance.now();
    // bounded, so that a backlog does not keep requests waiting
    for (let n = 0; n < 500 && heap.length > 0 && (heap[0] as Due).at <= now; n++) {
      try {
        pop().run();
      } catch (error) {
        onError(error);
      }
    }
    arm();
  }

  return {
    schedule(delayMs, run) {
      push({ at: performance.now() + delayMs, order: order++, run });
      arm();
    },
    stop() {
      heap.length = 0;
      if (timer !== null) clearTimeout(timer);
      timer = null;
    },
  };
}
