// Lite prints every database error with its stack to the console. Inside its requests each becomes one log line. Errors
// that the caller caused (a refused row, a wrong column) are not logged: the caller gets the answer.
import { AsyncLocalStorage } from "node:async_hooks";
import { format } from "node:util";
import { RelationNotFoundError } from "@supabase/lite";

type Log = (line: string) => void;

const inside = new AsyncLocalStorage<Log>();
let patched = false;

// Data, constraint, access and syntax errors, exceptions our SQL raises, PostgREST's own; class 25 is a write by GET.
const callersFault = /^(22|23|25|42|21|P0|PT|CT|PGRST)/;

function summarise(args: unknown[]): string | null {
  const thrown = args.find((arg) => arg instanceof Error) as Error | undefined;
  const error = (thrown?.cause instanceof Error ? thrown.cause : thrown) as
    | (Error & { code?: unknown })
    | undefined;
  if (error && callersFault.test(String(error.code ?? ""))) return null;
  if (error instanceof RelationNotFoundError) return null;
  // Lite warns at every start that its storage is experimental; this stack chose it, so its user need not know.
  if (String(args[0]).startsWith("EXPERIMENTAL FEATURES")) return null;
  return (
    (error ? `${error.message}${error.code ? ` (${error.code})` : ""}` : format(...args)).split("\n")[0] ?? ""
  );
}

function patchConsole(): void {
  if (patched) return;
  patched = true;
  for (const method of ["log", "info", "warn", "error"] as const) {
    const original = console[method].bind(console);
    console[method] = (...args: unknown[]) => {
      const log = inside.getStore();
      if (!log) return original(...args);
      const line = summarise(args);
      // `log` may print to the console itself.
      if (line) inside.exit(() => log(line));
    };
  }
}

/** Runs `fn` with what it prints to the console going to `log`, one line each. Code outside `fn` prints as before. */
export function quietLite<T>(log: Log, fn: () => Promise<T>): Promise<T> {
  patchConsole();
  return inside.run(log, fn);
}
