// Rules for how files import each other. Each rule returns complaints, none if all is well.
import { posix } from "node:path";
import type { Imports } from "./read-imports.ts";

/** Files that no entry reaches: nothing that is deployed uses them. @param files those that must be reached */
export function findUnreached(
  imports: Imports,
  entries: readonly string[],
  files: readonly string[],
): string[] {
  const reached = new Set<string>();
  const waiting = [...entries];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (reached.has(file)) continue;
    reached.add(file);
    waiting.push(...(imports.get(file) ?? []));
  }
  return files
    .filter((file) => !reached.has(file))
    .map((file) => `${file}: no function reaches it. Delete it, or move it to what uses it.`);
}

/** Import cycles, types included: code that both sides need belongs in a third file. */
export function findCircles(imports: Imports): string[] {
  const circles: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string) => {
    if (done.has(file)) return;
    const at = path.indexOf(file);
    if (at >= 0) {
      const circle = [...path.slice(at), file];
      circles.push(`${circle.join(" → ")}: an import circle. Move what they share to a file of its own.`);
      return;
    }
    path.push(file);
    for (const next of imports.get(file) ?? []) visit(next);
    path.pop();
    done.add(file);
  };
  for (const file of imports.keys()) visit(file);
  return circles;
}

/** Imports from a folder above: files use the folders below them, never the other way round. */
export function findUpward(imports: Imports): string[] {
  return [...imports].flatMap(([file, imported]) =>
    imported
      .filter((other) => {
        const folder = posix.dirname(other);
        return posix.dirname(file) !== folder && file.startsWith(`${folder}/`);
      })
      .map((other) => `${file} imports ${other}, which lies above it. Move that into a folder beside.`),
  );
}
