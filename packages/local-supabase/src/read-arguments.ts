// Reads the command line of `npm start` and `npm run reset`.
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { dataFolder } from "./data-folder.ts";
import { DEFAULT_PORT_BASE, portsFrom } from "./ports.ts";

export type Arguments = { portBase: number; dataDir: string };

/**
 * `--port-base N` moves every port and gives the stack a data folder of its own; `--data-dir FOLDER` chooses the folder.
 * Throws, naming the option, when one is unknown or malformed.
 */
export function readArguments(args: string[], projectDir: string): Arguments {
  const options = { "port-base": { type: "string" }, "data-dir": { type: "string" } } as const;
  const { values } = parseArgs({ args, options });
  const text = values["port-base"];
  const portBase = text === undefined ? DEFAULT_PORT_BASE : Number(text);
  portsFrom(portBase);
  return { portBase, dataDir: resolve(values["data-dir"] ?? dataFolder(projectDir, portBase)) };
}
