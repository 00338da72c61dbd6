// Where a project's platform keeps its data: `.stack` for the default ports, `.stack/<port base>` for others.
import { join } from "node:path";
import { DEFAULT_PORT_BASE } from "./ports.ts";

/** @param projectDir folder that holds `supabase/` */
export function dataFolder(projectDir: string, portBase: number): string {
  const root = join(projectDir, ".stack");
  return portBase === DEFAULT_PORT_BASE ? root : join(root, String(portBase));
}
