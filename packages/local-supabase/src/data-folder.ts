// Where `npm start` keeps a stack's data: `.stack` for the default ports, `.stack/<port base>` for others.
import { join } from "node:path";
import { DEFAULT_PORT_BASE } from "./ports.ts";

/** @param projectDir folder of package.json */
export function dataFolder(projectDir: string, portBase: number): string {
  const root = join(projectDir, ".stack");
  return portBase === DEFAULT_PORT_BASE ? root : join(root, String(portBase));
}
