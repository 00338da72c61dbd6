// One running Deno process of a function: its start, its errors, its end.
import { randomUUID } from "node:crypto";
import { Agent } from "node:http";
import { createInterface } from "node:readline";
import type { PlatformError } from "./answer-platform-error.ts";
import { type Limits, type Order, readNotice, type UnloadReason } from "./runner-protocol.ts";
import { type DenoOptions, spawnDeno } from "./spawn-deno.ts";

export type ProcessOptions = DenoOptions & {
  name: string;
  entry: string;
  limits: Limits;
  /** Milliseconds a function may take to load. */
  bootMs: number;
  log: (line: string) => void;
  /** Called once, when the process should get no new calls: it neared a limit, or ended. */
  onRetire: () => void;
};

// One loopback connection for each call in progress, reused; further calls wait.
const maxSockets = 400;

// As long as hosted lets any process live.
const drainGraceMs = 400_000;

export class FunctionProcess {
  readonly agent = new Agent({ keepAlive: true, maxSockets, maxFreeSockets: 64 });
  readonly startedAt = Date.now();
  lastCallAt = Date.now();
  port = 0;
  /** Resolves when calls can be sent; rejects when the function does not load (the reason is in the log). */
  readonly ready: Promise<void>;
  readonly exited: Promise<void>;
  private readonly child: ReturnType<typeof spawnDeno>;
  private readonly token = randomUUID();
  /** The function itself could not be loaded, as opposed to being stopped on the way. */
  bootFailed = false;
  private verdict: PlatformError = "WORKER_ERROR";
  private hasExited = false;
  private isRetired = false;
  private callsInFlight = 0;
  private drainGraceMs: number | null = null;

  constructor(private readonly options: ProcessOptions) {
    const { entry, limits } = options;
    this.child = spawnDeno(options, options.name, { entry, token: this.token, limits });
    this.child.stdin.on("error", () => {});
    this.child.once("error", (error) => options.log(`cannot run Deno: ${error.message}`));
    this.child.once("exit", (code, signal) => {
      this.hasExited = true;
      this.agent.destroy();
      if (code !== 0 && !this.isRetired) options.log(`process ended (${signal ?? `exit code ${code}`})`);
      this.retire();
    });
    // "close" and not "exit": by then its last output has been read, which may decide the verdict.
    this.exited = new Promise((resolve) => this.child.once("close", () => resolve()));
    this.ready = this.boot();
    this.ready.catch(() => {});
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get alive(): boolean {
    return !this.hasExited;
  }

  /** Why a call to this process got no answer; known once the process has ended or was condemned. */
  async judge(): Promise<PlatformError> {
    if (this.verdict !== "WORKER_RESOURCE_LIMIT") await this.exitedWithin(1000);
    return this.verdict;
  }

  /** Runs one call, which keeps a draining process alive even before the call has reached it. */
  async during(call: () => Promise<void>): Promise<void> {
    this.callsInFlight += 1;
    this.lastCallAt = Date.now();
    try {
      await call();
    } finally {
      this.callsInFlight -= 1;
      this.leaveIfDrained();
    }
  }

  /** No new calls; the process ends when calls and background tasks are done, at the latest `graceMs` after. */
  drain(graceMs: number): void {
    this.retire();
    this.drainGraceMs = graceMs;
    this.leaveIfDrained();
  }

  /** Tells the function why (`beforeunload`), lets it finish what is in progress for `graceMs`, then ends it. */
  async unload(reason: UnloadReason, graceMs: number): Promise<void> {
    this.order({ announce: reason });
    this.drain(graceMs);
    await this.exitedWithin(graceMs + 500);
    await this.kill();
  }

  /** Ends it at once; calls in progress get the verdict. */
  async kill(verdict?: PlatformError): Promise<void> {
    if (verdict) this.verdict = verdict;
    this.child.kill("SIGKILL");
    await this.exited;
  }

  private leaveIfDrained(): void {
    if (this.drainGraceMs === null || this.callsInFlight > 0) return;
    this.order({ leave: "early_drop", graceMs: this.drainGraceMs });
    this.drainGraceMs = null;
  }

  private order(order: Order): void {
    if (this.alive) this.child.stdin.write(`${JSON.stringify(order)}\n`);
  }

  private retire(): void {
    if (this.isRetired) return;
    this.isRetired = true;
    this.options.onRetire();
  }

  private async exitedWithin(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([this.exited, late]);
    clearTimeout(timer);
  }

  private boot(): Promise<void> {
    const { log, bootMs } = this.options;
    return new Promise((resolve, reject) => {
      const fail = (message: string) => {
        reject(new Error(message));
        if (!this.alive) return;
        this.retire();
        void this.kill("BOOT_ERROR");
      };
      const timer = setTimeout(() => {
        log(`did not start within ${bootMs} ms`);
        this.bootFailed = true;
        fail("boot timeout");
      }, bootMs);
      void this.exited.then(() => fail("the process ended while starting"));
      createInterface(this.child.stderr).on("line", (line) => this.hearError(line));
      createInterface(this.child.stdout).on("line", (line) => {
        const notice = readNotice(this.token, line);
        if (!notice) return log(line);
        if (notice.type === "limit") return this.limitReached(notice);
        clearTimeout(timer);
        if (notice.type === "boot-error") {
          for (const line of `did not start: ${notice.message}`.split("\n")) log(line);
          this.bootFailed = true;
          return fail("boot error");
        }
        this.port = notice.port;
        resolve();
      });
      void this.exited.then(() => clearTimeout(timer));
    });
  }

  private limitReached(notice: { limit: string; stage: "retire" | "over"; detail: string }): void {
    if (notice.stage === "retire") {
      this.options.log(`has used ${notice.detail}: gets no more calls`);
      this.drain(drainGraceMs);
      return;
    }
    if (!this.alive || this.verdict === "WORKER_RESOURCE_LIMIT") return;
    this.options.log(`stopped at its ${notice.limit} limit: ${notice.detail}`);
    this.retire();
    void this.kill("WORKER_RESOURCE_LIMIT");
  }

  private hearError(line: string): void {
    // V8 ends the process itself when the heap is full, faster than the watcher can look.
    if (/Reached heap limit|JavaScript heap out of memory|Fatal JavaScript out of memory/.test(line)) {
      this.verdict = "WORKER_RESOURCE_LIMIT";
      this.options.log("stopped at its memory limit: the heap is full");
    }
    this.options.log(line);
  }
}
