// Stops a database server when the process that started it has died, kill -9 included.
// Its standard input is a pipe that only the parent holds: the end of input is the parent's end.
import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

const [folder, pid] = [process.argv[2], Number(process.argv[3])];

// Ctrl-C reaches the whole terminal group; this process must outlive it until the parent is gone.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
process.stdin.resume();
process.stdin.on("error", stopServer);
process.stdin.on("end", stopServer);

async function stopServer() {
  // Immediate shutdown last: it costs a recovery at the next start, never data.
  for (const signal of ["SIGINT", "SIGQUIT", "SIGKILL"]) {
    if (!stillRuns()) break;
    process.kill(pid, signal);
    for (let i = 0; i < 100 && stillRuns(); i++) await wait(100);
  }
  process.exit(0);
}

function stillRuns() {
  try {
    if (Number.parseInt(readFileSync(`${folder}/postmaster.pid`, "utf8"), 10) !== pid) return false;
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
