// Reads the regular files of a gzipped tar archive into memory (for packages of a few hundred kilobytes).
import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";

const BLOCK = 512;

/** Returns file name (last path part) → text for every regular file in the archive; throws if it is not gzip. */
export async function readTarball(path: string): Promise<Map<string, string>> {
  const archive = gunzipSync(await readFile(path));
  const files = new Map<string, string>();
  let offset = 0;
  while (offset + BLOCK <= archive.length) {
    const header = archive.subarray(offset, offset + BLOCK);
    const name = header.subarray(0, 100).toString("latin1").replace(/\0.*$/s, "");
    if (name === "") break;
    const size = Number.parseInt(header.subarray(124, 136).toString("latin1"), 8);
    const type = String.fromCharCode(header[156] ?? 0);
    const start = offset + BLOCK;
    if (type === "0" || type === "\0") {
      files.set(
        name.slice(name.lastIndexOf("/") + 1),
        archive.subarray(start, start + size).toString("utf8"),
      );
    }
    offset = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}
