// The path of a folder as it is shown to people.
import { relative } from "node:path";

/** A relative path inside the working folder, else the full path. */
export function shownFolder(folder: string): string {
  const path = relative(process.cwd(), folder);
  return path.startsWith("..") ? folder : path || ".";
}
