// docs/schema.md: how to read the pages, where each table is, and what the project adds outside its own schemas.
import { AREAS, type AreaName } from "./areas.ts";
import { anchorOf, titledList } from "./markdown.ts";
import type { PlatformLines } from "./read-platform.ts";
import type { Relation } from "./read-relations.ts";

const INTRODUCTION = [
  "The database as it is, read from its catalog. Every change of the schema changes these pages, so their diff shows what a migration did.",
  "Tables of `public` are behind row level security and can be read over REST by members of the organisation. Tables of " +
    "`private` are internal and can't be reached over REST at all. Every table carries `org_id` or belongs to the platform. " +
    "How they work together is in [architecture.md](architecture.md).",
  [
    "- Rights of `postgres`, which owns everything, are left out. Grants and rights listed are those of other roles.",
    "- Functions run with an empty `search_path` and the caller's rights unless their line says otherwise.",
    "- Functions of `public` can be called over REST as `rpc`. Each checks role and organisation itself.",
    "- Diagrams show lines to `orgs` and `users`, which nearly all tables refer to, only in their own area.",
  ].join("\n"),
];

/** @param areas the tables and views of each area */
export function writeIndexPage(
  areas: { area: AreaName; relations: Relation[] }[],
  platform: PlatformLines,
): string[] {
  const entries = areas.map(({ area, relations }) =>
    [
      `- [${area}](schema/${area}.md): ${AREAS[area]}`,
      ...relations.map(({ name }) => `  - [${name}](schema/${area}.md#${anchorOf(name)})`),
    ].join("\n"),
  );
  return [
    "# Schema",
    ...INTRODUCTION,
    "## Areas",
    entries.join("\n"),
    "## Beside the areas",
    ...Object.entries(platform).flatMap(([title, lines]) => titledList(title, lines)),
  ];
}
