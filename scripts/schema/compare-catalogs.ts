// Compares two databases: one that the migrations made, and one that the schema files made.
import { diffLines } from "./diff-lines.ts";
import type { CatalogObject } from "./read-catalog.ts";

/** `missing`: the schema files make it and the migrations do not. `extra`: the other way round. */
export type Change = "missing" | "extra" | "different";

export interface Difference {
  change: Change;
  kind: string;
  name: string;
  /** Lines of the migrations' database begin with `-`, those of the schema files' database with `+`. */
  lines: string[];
}

/** Most lines shown of a definition that is there on one side only. */
const MOST_LINES = 12;

/** Parts of a table, which are created and dropped with it. */
const PARTS = ["column", "constraint", "index", "trigger", "policy", "order of columns", "row"];

const keyOf = ({ kind, name }: { kind: string; name: string }) => `${kind}\n${name}`;
const tableOf = (name: string) => name.split(".").slice(0, 2).join(".");

/**
 * A table that is on one side only is one difference; its parts are not listed.
 * @param migrated objects that the migrations make
 * @param wanted objects that the schema files make
 */
export function compareCatalogs(migrated: CatalogObject[], wanted: CatalogObject[]): Difference[] {
  const ours = new Map(migrated.map((object) => [keyOf(object), object]));
  const theirs = new Map(wanted.map((object) => [keyOf(object), object]));
  const differences: Difference[] = [];
  for (const [key, object] of theirs) {
    const found = ours.get(key);
    if (!found) differences.push({ change: "missing", ...identityOf(object), lines: linesOf(object, "+") });
    else if (found.definition !== object.definition) {
      const lines =
        object.kind === "order of columns"
          ? compareOrder(found.definition, object.definition)
          : diffLines(found.definition, object.definition);
      if (lines.length > 0) differences.push({ change: "different", ...identityOf(object), lines });
    }
  }
  for (const [key, object] of ours)
    if (!theirs.has(key))
      differences.push({ change: "extra", ...identityOf(object), lines: linesOf(object, "-") });
  return withoutParts(differences);
}

const identityOf = ({ kind, name }: CatalogObject) => ({ kind, name });

function linesOf({ definition }: CatalogObject, sign: string): string[] {
  const lines = definition.split("\n");
  const rest = lines.length - MOST_LINES;
  const shown = lines.slice(0, MOST_LINES).map((line) => `${sign} ${line}`);
  return rest > 0 ? [...shown, `${sign} … and ${rest} lines`] : shown;
}

/**
 * A migration can add columns only at the end, so a new column of the schema files must be there too.
 * A column that is on one side only is a difference of its own, and is ignored here.
 */
function compareOrder(migrated: string, wanted: string): string[] {
  const [ours, theirs] = [migrated.split(", "), wanted.split(", ")];
  const kept = ours.filter((column) => theirs.includes(column));
  const added = theirs.filter((column) => !ours.includes(column));
  const expected = [...kept, ...added];
  if (expected.join() === theirs.join()) return [];
  return [`- ${expected.join(", ")}`, `+ ${theirs.join(", ")}`];
}

function withoutParts(differences: Difference[]): Difference[] {
  const tables = new Set(
    differences
      .filter(({ kind, change }) => (kind === "table" || kind === "view") && change !== "different")
      .map(({ change, name }) => `${change} ${name}`),
  );
  return differences.filter(
    ({ change, kind, name }) => !PARTS.includes(kind) || !tables.has(`${change} ${tableOf(name)}`),
  );
}
