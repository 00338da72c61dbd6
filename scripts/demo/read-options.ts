// The command line of `npm run demo`.
import { parseArgs } from "node:util";
import { MAX_OWNERS } from "./make-owners.ts";

export interface DemoOptions {
  /** Owners to make up; not used with --csv. */
  leads: number;
  csv: string | undefined;
  seed: number;
  json: boolean;
  keep: boolean;
  help: boolean;
}

export const HELP = `
npm run demo -- [options]

A fresh platform with a Twilio simulator on free ports: imports owners from a CSV, sends them a campaign over ten
numbers, pauses and resumes it, lets people answer, and checks every figure against what the simulator recorded.
Nothing leaves this machine. What it makes lies in a temporary folder, which is deleted at the end.

  --leads N     owners to make up, 1 to ${MAX_OWNERS} (1000)
  --csv FILE    your own file instead: any headers, unknown columns are kept as custom fields
  --seed N      what is made up, and how people and the simulator behave (1)
  --json        print nothing but one line of JSON at the end
  --keep        keep the platform running at the end, until Ctrl-C
  --help        this

Exit code: 0 when every check holds, 1 when one does not or the demo could not run, 130 after Ctrl-C.
`;

/** @throws Error naming the option and its valid values */
export function readOptions(args: string[]): DemoOptions {
  const values = parse(args);
  if (values.csv !== undefined && values.leads !== undefined)
    throw new Error("--leads makes owners up, --csv takes yours: give one of the two.");
  return {
    leads: readWhole("--leads", values.leads ?? "1000", 1, MAX_OWNERS),
    csv: values.csv,
    seed: readWhole("--seed", values.seed ?? "1", 0, 4_294_967_295),
    json: values.json,
    keep: values.keep,
    help: values.help,
  };
}

function parse(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        leads: { type: "string" },
        csv: { type: "string" },
        seed: { type: "string" },
        json: { type: "boolean", default: false },
        keep: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    return values;
  } catch (error) {
    throw new Error(`${(error as Error).message}. The options are listed by: npm run demo -- --help`);
  }
}

function readWhole(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new Error(`${name} takes a whole number from ${min} to ${max}, not "${text}".`);
}
