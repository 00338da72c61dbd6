// Reports changes in a folder tree, once for a burst of changes.
import { type FSWatcher, watch } from "node:fs";
import { readdir } from "node:fs/promises";
import path from "node:path";

async function foldersUnder(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  const nested = entries.filter((entry) => entry.isDirectory() && entry.name !== "node_modules");
  const deeper = await Promise.all(nested.map((entry) => foldersUnder(path.join(dir, entry.name))));
  return [dir, ...deeper.flat()];
}

/**
 * Watches every folder under `dir`: Node's own recursive watch misses files that editors replace by renaming on Linux.
 * Calls `changed` `quietMs` after the last change. Returns a function that ends it.
 */
export async function watchFolder(dir: string, quietMs: number, changed: () => void): Promise<() => void> {
  const watchers = new Map<string, FSWatcher>();
  let timer: NodeJS.Timeout | undefined;
  let ended = false;

  const refresh = async () => {
    const folders = new Set(await foldersUnder(dir));
    if (ended) return;
    for (const [folder, watcher] of watchers) {
      if (folders.has(folder)) continue;
      watcher.close();
      watchers.delete(folder);
    }
    for (const folder of folders) {
      if (watchers.has(folder)) continue;
      const watcher = watch(folder, { persistent: false }, noticed);
      watcher.on("error", () => watcher.close());
      watchers.set(folder, watcher);
    }
  };
  const noticed = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      void refresh().then(() => !ended && changed());
    }, quietMs);
  };

  await refresh();
  return () => {
    ended = true;
    clearTimeout(timer);
    for (const watcher of watchers.values()) watcher.close();
  };
}
