// The limits of leads are defined twice, in TypeScript for messages to people and in SQL for storage: they are the same.
import { describe, expect, it } from "vitest";
import { ENCODINGS } from "../../../supabase/functions/_shared/csv/encodings.ts";
import {
  IMPORT_FIELDS,
  MERGE_STRATEGIES,
  REPEATABLE_FIELDS,
} from "../../../supabase/functions/_shared/csv/import-fields.ts";
import { MAX_COLUMNS } from "../../../supabase/functions/_shared/csv/limits.ts";
import { JOB_KINDS, JOB_STATUSES } from "../../../supabase/functions/_shared/jobs/job.ts";
import { EXPORT_COLUMNS } from "../../../supabase/functions/_shared/leads/export-columns.ts";
import { leadFilter } from "../../../supabase/functions/_shared/leads/lead-filter.ts";
import {
  CONSENT_STATUSES,
  LANGUAGES,
  LEAD_SCORES,
  LEAD_STATUSES,
  LINE_TYPES,
  MAX_ACREAGE,
  MAX_CUSTOM_BYTES,
  MAX_CUSTOM_FIELDS,
  MAX_CUSTOM_NAME,
  MAX_CUSTOM_TEXT,
  MAX_ESTIMATED_VALUE,
  MAX_LENGTH,
  MAX_PARCELS,
  MAX_TAGS,
  PHONE_ROLES,
  TAG,
} from "../../../supabase/functions/_shared/leads/lead-values.ts";
import { targetCriteria } from "../../../supabase/functions/campaigns/campaign/schemas.ts";
import { BULK_ACTIONS } from "../../../supabase/functions/leads/bulk-actions/schemas.ts";
import { PREFERABLE } from "../../../supabase/functions/leads/duplicates/schemas.ts";
import { ENTRY_TYPES } from "../../../supabase/functions/leads/history/schemas.ts";
import { checkRepeats } from "../../../supabase/functions/leads/imports/limit-repeats.ts";
import { MAX_FILE_BYTES } from "../../../supabase/functions/leads/imports/read-upload.ts";
import { IMPORT_STATUSES, REJECTION_OUTCOMES } from "../../../supabase/functions/leads/imports/schemas.ts";
import { SEGMENT_KINDS, segmentInput } from "../../../supabase/functions/leads/segments/schemas.ts";
import { arrangeOrg, signedIn } from "../../fixtures/arrange-sending.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
/** A part of a shape of JSON Schema. */
// biome-ignore lint/suspicious/noExplicitAny: read only where its type is known
type Shape = any;
const shape = async (name: string): Promise<Shape> => {
  const [row] = await bench.sql.unsafe(`select private.${name}_shape() as shape`);
  return row?.shape;
};
const sorted = (words: readonly string[]) => [...words].sort();

describe("a lead", () => {
  it("has texts of the same lengths", async () => {
    const { properties } = await shape("lead");
    const parcel = (await shape("parcel")).properties;
    for (const [field, most] of Object.entries(MAX_LENGTH))
      expect((properties[field] ?? parcel[field]).maxLength, field).toBe(most);
    const columns = await bench.sql`
      select conrelid::regclass::text as "table", pg_get_constraintdef(oid) as rule from pg_constraint
      where conrelid in ('public.leads'::regclass, 'public.lead_properties'::regclass) and contype = 'c'`;
    for (const [field, most] of Object.entries(MAX_LENGTH))
      expect(columns.map(({ rule }) => rule)).toContain(`CHECK ((length(${field}) <= ${most}))`);
  });

  it("has the same words, lists, numbers and custom fields", async () => {
    const { properties } = await shape("lead");
    expect(properties.status.enum).toEqual([...LEAD_STATUSES]);
    expect(properties.lead_score.enum).toEqual([...LEAD_SCORES]);
    expect(properties.consent_status.enum).toEqual([...CONSENT_STATUSES]);
    expect(properties.language.enum).toEqual([...LANGUAGES]);
    expect((await shape("lead_phone")).properties.line_type.enum).toEqual([...LINE_TYPES]);
    expect(properties.tags.maxItems).toBe(MAX_TAGS);
    expect(TAG.source).toBe(`^[A-Z0-9+-]{1,${properties.tags.items.maxLength}}$`);
    expect(properties.properties.maxItems).toBe(MAX_PARCELS);
    const parcel = (await shape("parcel")).properties;
    expect(parcel.acreage.maximum).toBe(MAX_ACREAGE);
    expect(parcel.estimated_value.maximum).toBe(MAX_ESTIMATED_VALUE);
    expect(properties.custom_fields).toMatchObject({
      maxBytes: MAX_CUSTOM_BYTES,
      maxProperties: MAX_CUSTOM_FIELDS,
      propertyNames: { maxLength: MAX_CUSTOM_NAME },
      additionalProperties: { maxLength: MAX_CUSTOM_TEXT },
    });
  });
});

describe("a filter", () => {
  it("of a segment has the same fields", async () => {
    const [filters] = segmentInput.options;
    expect(sorted(Object.keys((await shape("segment")).properties.filter.properties))).toEqual(
      sorted(Object.keys(filters.shape.filter.shape)),
    );
  });

  it.each(Object.keys(leadFilter.shape))("of a campaign has %s in both or in none", async (field) => {
    const isKnown = field in targetCriteria.shape.filter.unwrap().shape;
    const refused = await bench.sql`
      select private.check_criteria(null, ${JSON.stringify({ filter: { [field]: null } })}::text::jsonb)`.then(
      () => "",
      ({ message }: Error) => message,
    );
    expect(refused.startsWith(`Leave ${field} out`), refused).toBe(!isKnown);
  });
});

/** The words that a column accepts by its own check. */
async function wordsOf(table: string, column: string): Promise<string[]> {
  const rules = await bench.sql`
    select pg_get_constraintdef(oid) as rule from pg_constraint
    where conrelid = ${table}::regclass and contype = 'c' and pg_get_constraintdef(oid) like ${`CHECK ((${column} = ANY (%`}`;
  expect(rules, `${table}.${column}`).toHaveLength(1);
  const rule: string = rules[0]?.rule ?? "";
  return [...rule.matchAll(/'([a-z_]+)'::text/g)].map(([, word]) => word as string);
}

it.each<[string, string, readonly string[]]>([
  ["leads", "status", LEAD_STATUSES],
  ["leads", "lead_score", LEAD_SCORES],
  ["leads", "consent_status", CONSENT_STATUSES],
  ["leads", "language", LANGUAGES],
  ["lead_phones", "role", PHONE_ROLES],
  ["lead_phones", "line_type", LINE_TYPES],
  ["lead_phones", "consent_status", CONSENT_STATUSES],
  ["imports", "status", IMPORT_STATUSES],
  ["import_rejections", "outcome", REJECTION_OUTCOMES],
  ["jobs", "kind", JOB_KINDS],
  ["jobs", "status", JOB_STATUSES],
  ["segments", "kind", SEGMENT_KINDS],
])("%s.%s takes the same words", async (table, column, words) => {
  expect(await wordsOf(`public.${table}`, column)).toEqual([...words]);
});

describe("a merge and a history", () => {
  it("prefer values of the same fields", async () => {
    const [row] =
      await bench.sql`select to_jsonb(l) as lead from (select (jsonb_populate_record(null::public.leads, '{}')).*) l`;
    const [a, b] = ["018f2c5e-7b1a-7c3d-9e4f-000000000001", "018f2c5e-7b1a-7c3d-9e4f-000000000002"];
    const org = await arrangeOrg(bench.db);
    const admin = await signedIn(bench.db, org.adminId);
    const taken: string[] = [];
    for (const field of Object.keys(row?.lead)) {
      const error = await admin.sql`
        select public.merge_leads(${a}, ${[b]}, ${JSON.stringify({ [field]: b })}::text::jsonb)`.catch(
        (e) => e,
      );
      if (error.code === "PT404") taken.push(field);
      else expect(error.code, field).toBe("PT422");
    }
    expect(sorted(taken)).toEqual(sorted(PREFERABLE));
  });

  it("tell of the same kinds of entries", async () => {
    const [row] = await bench.sql`select pg_get_functiondef('private.lead_history'::regproc) as text`;
    const [, words = ""] = /word_shape\(([^)]*)\), \d+\), 'type'/.exec(row?.text) ?? [];
    expect(words.replaceAll("'", "").split(", ")).toEqual([...ENTRY_TYPES]);
  });
});

it("an export has the same columns, a bulk action the same names", async () => {
  expect(sorted((await shape("export_options")).properties.columns.items.enum)).toEqual(
    sorted(EXPORT_COLUMNS),
  );
  expect((await shape("bulk_action")).properties.action.enum).toEqual([...BULK_ACTIONS]);
});

describe("an import", () => {
  it("has files and columns of the same size", async () => {
    const file = (await shape("import_file")).properties;
    expect(file.file_bytes.maximum).toBe(MAX_FILE_BYTES);
    expect(file.columns.maxItems).toBe(MAX_COLUMNS);
    const [bucket] =
      await bench.sql`select file_size_limit::integer as most from storage.buckets where id = 'imports'`;
    expect(bucket?.most).toBe(MAX_FILE_BYTES);
  });

  it("has the same fields, encodings and strategies", async () => {
    expect((await shape("import_mapping")).additionalProperties.enum).toEqual([...IMPORT_FIELDS]);
    expect((await shape("import_file")).properties.encoding.enum).toEqual([...ENCODINGS]);
    expect((await shape("import_options")).properties.merge_strategy.enum).toEqual([...MERGE_STRATEGIES]);
  });

  it.each(IMPORT_FIELDS.filter((field) => field !== "primary_phone"))(
    "takes as many columns for %s in both",
    async (field) => {
      for (const count of [1, 2, 10, 11, 30, 31]) {
        const columns = Array.from({ length: count }, (_, i) => `c${i}`);
        const mapping = {
          phone: "primary_phone",
          ...Object.fromEntries(columns.map((name) => [name, field])),
        };
        const isRepeatable = count === 1 || REPEATABLE_FIELDS.includes(field);
        const isTaken = await bench.sql`
          select private.check_mapping(${JSON.stringify(mapping)}::text::jsonb, ${["phone", ...columns]})`.then(
          () => true,
          () => false,
        );
        expect(isTaken, `${count}`).toBe(isRepeatable && checkRepeats(mapping).length === 0);
      }
    },
  );
});
