// Types of our schemas: enumerations with their values, and composite types with their fields.
import type postgres from "postgres";

export interface CatalogType {
  /** With its schema. */
  name: string;
  kind: "enum" | "composite" | "domain";
  comment: string | null;
  /** Values, fields with their types, or the domain's rules. */
  items: string[];
}

export async function readTypes(sql: postgres.Sql): Promise<CatalogType[]> {
  return await sql<CatalogType[]>`
    select t.oid::regtype::text as name, obj_description(t.oid, 'pg_type') as comment,
      case t.typtype when 'e' then 'enum' when 'd' then 'domain' else 'composite' end as kind,
      case t.typtype
        when 'e' then array(select e.enumlabel::text from pg_enum e where e.enumtypid = t.oid order by e.enumsortorder)
        when 'd' then
          format_type(t.typbasetype, t.typtypmod) || case when t.typnotnull then '{not null}'::text[] else '{}' end
          || array(select pg_get_constraintdef(k.oid) from pg_constraint k where k.contypid = t.oid order by k.conname collate "C")
        else array(
          select quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
          from pg_attribute a where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped order by a.attnum)
      end as items
    from pg_type t
    left join pg_class c on c.oid = t.typrelid
    where t.typnamespace in ('public'::regnamespace, 'private'::regnamespace)
      and (t.typtype in ('e', 'd') or c.relkind = 'c')
    order by t.oid::regtype::text collate "C"`;
}
