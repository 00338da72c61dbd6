// A folder as people are shown it.
import { relative } from "node:path";

/** Short inside the working folder, whole outside of it. */
export function shownFolder(folder: string): string {
  const path = relative(process.cwd(), folder);
  return path.startsWith("..") ? folder : path || ".";
}
