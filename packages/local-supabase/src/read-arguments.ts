// Reads the options by which a platform is started and reset.
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { dataFolder } from "./data-folder.ts";
import { DEFAULT_PORT_BASE, PLATFORM_PORTS, type PortOffsets, portsFrom } from "./ports.ts";

export type Arguments = {
  /** Folder that holds `supabase/`. */
  projectDir: string;
  portBase: number;
  dataDir: string;
};

/** What `--help` of a command that takes these options prints after the name of the command. */
export const ARGUMENTS_HELP = `[-- options]

  --port-base N      the first of its ports (${DEFAULT_PORT_BASE}); another one has a data folder of its own
  --data-dir FOLDER  where its data and the file env are (.stack)`;

/**
 * `--port-base N` moves every port and gives the platform a data folder of its own; `--data-dir FOLDER` chooses the folder.
 * `--project FOLDER` is an option only if no `projectDir` is given; its default is the working folder.
 * Throws, naming the option, when one is unknown or malformed.
 * @param known.offsets the ports the base must leave room for
 */
export function readArguments(
  args: string[],
  known: { projectDir?: string; offsets?: PortOffsets } = {},
): Arguments {
  const options = {
    "port-base": { type: "string" },
    "data-dir": { type: "string" },
    ...(known.projectDir === undefined && { project: { type: "string" } as const }),
  } as const;
  const { values } = parseArgs({ args, options });
  const projectDir = resolve(known.projectDir ?? (values.project as string | undefined) ?? ".");
  const text = values["port-base"];
  const portBase = text === undefined ? DEFAULT_PORT_BASE : Number(text);
  portsFrom(portBase, known.offsets ?? PLATFORM_PORTS);
  return { projectDir, portBase, dataDir: resolve(values["data-dir"] ?? dataFolder(projectDir, portBase)) };
}
