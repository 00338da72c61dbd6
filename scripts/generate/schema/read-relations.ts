// Tables and views of our schemas, each with its parts as lines of text.
import type postgres from "postgres";
import { type Line, PARTS, type PartTitle, readPart } from "./relation-parts.ts";

export interface Relation {
  /** With its schema. */
  name: string;
  kind: "table" | "view";
  comment: string | null;
  /** The query of a view. */
  definition: string | null;
  parts: Record<PartTitle, Line[]>;
}

export interface ForeignKey {
  /** Tables with their schema. */
  from: string;
  to: string;
  columns: string[];
  /** Whether the reference may be null. */
  isOptional: boolean;
  /** Whether at most one row of `from` refers to a row of `to`. */
  isUnique: boolean;
}

export async function readRelations(sql: postgres.Sql): Promise<Relation[]> {
  const rows = await sql<Omit<Relation, "parts">[]>`
    select c.oid::regclass::text as name, case when c.relkind in ('v', 'm') then 'view' else 'table' end as kind,
      obj_description(c.oid, 'pg_class') as comment,
      case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid, true) end as definition
    from pg_class c
    where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and c.relkind in ('r', 'p', 'v', 'm')
    order by (c.relnamespace::regnamespace::text = 'private'), c.relname collate "C"`;
  const relations = rows.map((row) => ({ ...row, parts: {} as Relation["parts"] }));
  for (const title of PARTS) {
    const lines = await readPart(sql, title);
    for (const relation of relations) relation.parts[title] = lines.get(relation.name) ?? [];
  }
  return relations;
}

export async function readForeignKeys(sql: postgres.Sql): Promise<ForeignKey[]> {
  return await sql<ForeignKey[]>`
    select k.conrelid::regclass::text as from, k.confrelid::regclass::text as to,
      columns.names as columns, columns.is_optional as "isOptional",
      exists (
        select 1 from pg_index i
        where i.indrelid = k.conrelid and i.indisunique and i.indpred is null
          and (i.indkey::int2[])[0 : i.indnkeyatts - 1] <@ k.conkey
      ) as "isUnique"
    from pg_constraint k
    cross join lateral (
      select array_agg(a.attname::text order by u.place) as names, bool_or(not a.attnotnull) as is_optional
      from unnest(k.conkey) with ordinality u (attnum, place)
      join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.attnum
    ) columns
    where k.contype = 'f' and k.connamespace in ('public'::regnamespace, 'private'::regnamespace)
    order by k.conrelid::regclass::text collate "C", k.conname collate "C"`;
}
