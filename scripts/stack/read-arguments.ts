// Reads the command line of `npm start` and `npm run reset`.
import { parseArgs } from "node:util";
import { DEFAULT_PORT_BASE, portsFrom } from "./ports.ts";

export type Arguments = { portBase: number };

/** Throws, naming the option, when one is unknown or malformed. */
export function readArguments(args: string[]): Arguments {
  const { values } = parseArgs({ args, options: { "port-base": { type: "string" } } });
  const text = values["port-base"];
  const portBase = text === undefined ? DEFAULT_PORT_BASE : Number(text);
  portsFrom(portBase);
  return { portBase };
}
