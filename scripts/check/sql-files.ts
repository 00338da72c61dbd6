// Checks the form of supabase/schemas: each function once, in a file named after it or its purpose, readable lengths of lines and
// files, and nothing that takes Postgres quadratic time.
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { listSchemaFiles } from "../schema/list-schema-files.ts";
import { PROJECT_DIR } from "../tools/run-tool.ts";

const MOST_CHARACTERS = 130;
const MOST_LINES_OF_A_FILE = 300;
const MOST_LINES_OF_A_FUNCTION = 150;
/** A longer function has a file of its own, named after it. */
const MOST_LINES_OF_A_GUEST = 60;

export interface SqlFile {
  path: string;
  text: string;
}

interface SqlFunction {
  /** With its schema. */
  name: string;
  /** The arguments as written, which distinguish overloads. */
  signature: string;
  path: string;
  lines: number;
}

/** @returns complaints, none if all is well */
export async function checkSqlFiles(): Promise<string[]> {
  const supabaseDir = join(PROJECT_DIR, "supabase");
  const files = await Promise.all(
    (await listSchemaFiles(supabaseDir)).map(async ({ path }) => ({
      path: `supabase/${path}`,
      text: await readFile(join(supabaseDir, path), "utf8"),
    })),
  );
  return judgeSqlFiles(files);
}

export function judgeSqlFiles(files: readonly SqlFile[]): string[] {
  const complaints: string[] = [];
  const seen = new Map<string, string>();
  for (const file of files) {
    const lines = file.text.split("\n");
    lines.forEach((line, i) => {
      if (line.length > MOST_CHARACTERS)
        complaints.push(
          `${file.path}:${i + 1}: ${line.length} characters; a line has ${MOST_CHARACTERS} at most.`,
        );
      // Measured on Postgres 17.10: an object of 4,000 entries takes 0.5 s, one of 16,000 8 s; through an array 2 and 6 ms.
      if (/\bjsonb_agg\(/i.test(line))
        complaints.push(
          `${file.path}:${i + 1}: jsonb_agg takes time quadratic in the parts of an element: write to_jsonb(array_agg(...)).`,
        );
    });
    if (lines.length - 1 > MOST_LINES_OF_A_FILE)
      complaints.push(
        `${file.path}: ${lines.length - 1} lines; a file has ${MOST_LINES_OF_A_FILE} at most. Part it by purpose.`,
      );
    for (const found of findFunctions(file)) {
      const before = seen.get(found.signature);
      if (before !== undefined)
        complaints.push(
          `${found.name} is defined in ${before} and in ${found.path}. Each function has one definition.`,
        );
      seen.set(found.signature, found.path);
      if (found.lines > MOST_LINES_OF_A_FUNCTION)
        complaints.push(
          `${found.path}: ${found.name} has ${found.lines} lines; a function has ${MOST_LINES_OF_A_FUNCTION} at most.`,
        );
      const own = `${found.name.split(".")[1]}.sql`;
      if (found.lines > MOST_LINES_OF_A_GUEST && basename(found.path) !== own)
        complaints.push(
          `${found.path}: ${found.name} has ${found.lines} lines; one of more than ${MOST_LINES_OF_A_GUEST} has a file of its own, ${own}.`,
        );
    }
  }
  return complaints;
}

const BEGIN = /^create (?:or replace )?function ((?:public|private)\.\w+)\s*\(/gim;

function findFunctions({ path, text }: SqlFile): SqlFunction[] {
  return [...text.matchAll(BEGIN)].map((found) => {
    const from = found.index;
    const rest = text.slice(from);
    const quote = rest.match(/\$\w*\$/)?.[0] ?? "$$";
    const opened = rest.indexOf(quote);
    const closed = rest.indexOf(quote, opened + quote.length);
    const definition = closed < 0 ? rest : rest.slice(0, closed);
    const name = (found[1] as string).toLowerCase();
    const head = rest
      .slice(0, rest.search(/\breturns\b/i))
      .replace("or replace ", "")
      .replace(/\s+/g, " ");
    return { path, name, signature: head.toLowerCase(), lines: definition.split("\n").length };
  });
}
