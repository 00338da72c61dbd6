// The page of one area: a picture, then tables, views, types, functions, tasks, jobs and queues, each item on a line of its own.
import { AREAS, type AreaName } from "./areas.ts";
import type { Catalog } from "./catalog.ts";
import { drawDiagram } from "./draw-diagram.ts";
import { code, fenced, prose, titledList } from "./markdown.ts";
import type { CatalogFunction } from "./read-functions.ts";
import type { Relation } from "./read-relations.ts";
import type { Job, Queue, Task } from "./read-schedule.ts";
import type { CatalogType } from "./read-types.ts";
import { PARTS } from "./relation-parts.ts";

export type AreaContents = Omit<Catalog, "platform">;

/** @param contents the contents of the area, and the foreign keys of all tables */
export function writeAreaPage(area: AreaName, contents: AreaContents): string[] {
  const { relations, foreignKeys, types, functions, tasks, jobs, queues } = contents;
  const tables = relations.filter(({ kind }) => kind === "table");
  const views = relations.filter(({ kind }) => kind === "view");
  const isCallable = ({ name }: CatalogFunction) => name.startsWith("public.");
  return [
    `# Schema: ${area}`,
    `${AREAS[area]} All areas, and how to read these pages: [schema.md](../schema.md).`,
    ...section(
      "Tables",
      tables.length === 0
        ? []
        : [
            drawDiagram(
              tables.map(({ name }) => name),
              foreignKeys,
            ),
            ...tables.flatMap(writeRelation),
          ],
    ),
    ...section("Views", views.flatMap(writeRelation)),
    ...section("Types", types.flatMap(writeType)),
    ...section("Functions that users may call", writeFunctions(functions.filter(isCallable))),
    ...section("Functions of the machinery", writeFunctions(functions.filter((one) => !isCallable(one)))),
    ...section("Tasks", tasks.flatMap(writeTask)),
    ...section("Scheduled jobs", jobs.flatMap(writeJob)),
    ...section("Queues", queues.length === 0 ? [] : [queues.map(writeQueue).join("\n")]),
  ];
}

function section(title: string, parts: string[]): string[] {
  return parts.length === 0 ? [] : [`## ${title}`, ...parts];
}

function writeRelation({ name, comment, definition, parts }: Relation): string[] {
  return [
    `### ${name}`,
    ...(comment ? [prose(comment)] : []),
    ...PARTS.flatMap((title) => titledList(title, parts[title])),
    ...(definition ? [fenced("sql", definition)] : []),
  ];
}

function writeType({ name, kind, comment, items }: CatalogType): string[] {
  const text = comment ? ` ${prose(comment)}` : "";
  return [`### ${name}`, `A type (${kind}).${text}`, items.map((item) => `- ${code(item)}`).join("\n")];
}

function writeFunctions(functions: CatalogFunction[]): string[] {
  return functions.length === 0 ? [] : [functions.map(writeFunction).join("\n")];
}

function writeFunction({ signature, facts, mayExecute, comment }: CatalogFunction): string {
  const who = mayExecute.length === 0 ? "for its owner alone" : `for ${mayExecute.join(", ")}`;
  return [
    `- ${code(signature)}`,
    `  - ${prose([...facts, who].join(", "))}`,
    ...(comment ? [`  - ${prose(comment)}`] : []),
  ].join("\n");
}

function writeTask({ name, seconds, isPrompt, due, parts }: Task): string[] {
  const item = ({ kind, items, call, seconds }: Task["parts"][number]) => [
    `- ${kind === null ? "" : `${kind}: `}${code(call)}`,
    ...(items === null ? [] : [`  - for each of ${code(items)}, for ${seconds} s`]),
  ];
  return [
    `### ${name}`,
    `Every ${seconds} s${isPrompt ? ", promptly" : ""}, if it is due:`,
    fenced("sql", due),
    parts.flatMap(item).join("\n"),
  ];
}

function writeJob({ name, schedule, role, isActive, command }: Job): string[] {
  return [
    `### ${name}`,
    `Runs at ${code(schedule)} as ${role}${isActive ? "" : ", switched off"}.`,
    fenced("sql", command),
  ];
}

function writeQueue({ name, settings }: Queue): string {
  return `- ${code([name, ...settings].join(", "))}`;
}
