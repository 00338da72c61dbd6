// The picture of an area's tables (mermaid): each foreign key from one of them is a line.
import { fenced } from "./markdown.ts";
import type { ForeignKey } from "./read-relations.ts";

/** Tables that nearly all others refer to: drawn in their own area only, since elsewhere their lines would hide the others. */
const HUBS = ["public.orgs", "public.users"];

const shortName = (table: string) => table.split(".")[1] as string;

/** @param tables the area's tables, with their schema */
export function drawDiagram(tables: string[], foreignKeys: ForeignKey[]): string {
  const drawn = foreignKeys.filter(
    ({ from, to }) => tables.includes(from) && (tables.includes(to) || !HUBS.includes(to)),
  );
  const connected = new Set(drawn.flatMap(({ from, to }) => [from, to]));
  const alone = tables.filter((table) => !connected.has(table));
  return fenced(
    "mermaid",
    ["erDiagram", ...drawn.map(drawLine), ...alone.map((table) => `  ${shortName(table)}`)].join("\n"),
  );
}

function drawLine({ from, to, columns, isOptional, isUnique }: ForeignKey): string {
  const line = `${isOptional ? "|o" : "||"}--${isUnique ? "o|" : "o{"}`;
  return `  ${shortName(to)} ${line} ${shortName(from)} : "${columns.join(", ")}"`;
}
