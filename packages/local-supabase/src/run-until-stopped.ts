// Keeps a platform running until it is stopped, or its database server ends.

export type Running = { failed: Promise<string>; stop(): Promise<void> };

/** Ends this process: with code 0 at Ctrl-C, SIGTERM and SIGHUP, with 1 if the database server ended by itself. */
export function runUntilStopped(running: Running, log: (line: string) => void): void {
  let stopping = false;
  const stop = async (exitCode: number) => {
    // A second Ctrl-C does not wait for an orderly end; the next start clears what is left.
    if (stopping) process.exit(130);
    stopping = true;
    log("stopping …");
    await running.stop();
    process.exit(exitCode);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void stop(0));
  void running.failed.then((reason) => {
    if (stopping) return;
    log(reason);
    void stop(1);
  });
}
