// The limits of leads stand twice, in TypeScript for what is told to people and in SQL for what is stored: they are the same.
import { describe, expect, it } from "vitest";
import { ENCODINGS } from "../../../supabase/functions/_shared/csv/encodings.ts";
import {
  IMPORT_FIELDS,
  MERGE_STRATEGIES,
  REPEATABLE_FIELDS,
} from "../../../supabase/functions/_shared/csv/import-fields.ts";
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
  TAG,
} from "../../../supabase/functions/_shared/leads/lead-values.ts";
import { BULK_ACTIONS } from "../../../supabase/functions/leads/bulk-actions/schemas.ts";
import { checkRepeats } from "../../../supabase/functions/leads/imports/limit-repeats.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
/** A part of a shape of JSON Schema. */
// biome-ignore lint/suspicious/noExplicitAny: read where it is known what it holds
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

it("a filter has the same fields", async () => {
  expect(sorted(Object.keys((await shape("lead_filter")).properties))).toEqual(
    sorted(Object.keys(leadFilter.shape)),
  );
});

it("an export has the same columns, a bulk action the same names", async () => {
  expect(sorted((await shape("export_options")).properties.columns.items.enum)).toEqual(
    sorted(EXPORT_COLUMNS),
  );
  expect((await shape("bulk_action")).properties.action.enum).toEqual([...BULK_ACTIONS]);
});

describe("an import", () => {
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
