// A checked-in file that a program writes: its expected text, and whether it is up to date.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { PROJECT_DIR, runTool } from "./run-tool.ts";

export interface GeneratedFile {
  /** Relative to the project's folder. */
  path: string;
  text: string;
}

/** The text as formatted by the project's formatter. @param path decides the language */
export async function format(path: string, text: string): Promise<string> {
  // Under another name, because the formatter skips files that it knows to be generated.
  const stand_in = `formatted${extname(path)}`;
  const { code, stdout, stderr } = await runTool("biome", ["format", `--stdin-file-path=${stand_in}`], {
    input: text,
  });
  if (code !== 0) throw new Error(`${path} can't be formatted: ${stderr}`);
  return stdout;
}

/** Whether the file on disk has exactly this text. */
export async function isFresh({ path, text }: GeneratedFile): Promise<boolean> {
  const found = await readFile(join(PROJECT_DIR, path), "utf8").catch(() => undefined);
  return found === text;
}

/** Files of a folder that nothing generates any more. @param folder one whose files are all generated; @returns their paths */
export async function findOrphans(folder: string, files: GeneratedFile[]): Promise<string[]> {
  const found = await readdir(join(PROJECT_DIR, folder)).catch((): string[] => []);
  const wanted = new Set(files.map(({ path }) => path));
  return found.map((name) => `${folder}/${name}`).filter((path) => !wanted.has(path));
}

export async function write({ path, text }: GeneratedFile): Promise<void> {
  const file = join(PROJECT_DIR, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}
