// The options of a bench from the command line.
import { parseArgs } from "node:util";
import type { CountOptions } from "./report/bench-types.ts";

export interface BenchArguments {
  json: boolean;
  help: boolean;
  /** Every option of the bench, given or by default. */
  counts: Record<string, number>;
}

/** @throws Error naming the option and its valid values */
export function readOptions(options: CountOptions, args: string[]): BenchArguments {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
      ...Object.fromEntries(Object.keys(options).map((name) => [name, { type: "string" as const }])),
    },
  });
  const {
    json = false,
    help = false,
    ...given
  } = values as Record<string, string> & { json?: boolean; help?: boolean };
  const counts = Object.entries(options).map(([name, { value }]) => [
    name,
    readWhole(name, given[name] ?? `${value}`),
  ]);
  return { json, help, counts: Object.fromEntries(counts) };
}

function readWhole(name: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new Error(`--${name} takes a whole number, not "${text}".`);
}
