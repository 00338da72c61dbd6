// A route and the function behind it accept the same values: each value is tried on both, and the results are compared.
// The route's schema makes errors friendly. The function is the boundary: any signed-in user can call it.
import { beforeAll, describe, expect, test } from "vitest";
import type { z } from "zod";
import { leadFilter } from "../../../supabase/functions/_shared/leads/lead-filter.ts";
import { E164 } from "../../../supabase/functions/_shared/sms/e164.ts";
import {
  campaignChanges,
  campaignInput,
  targetCriteria,
} from "../../../supabase/functions/campaigns/campaign/schemas.ts";
import { resolution } from "../../../supabase/functions/messages/text/schemas.ts";
import { numberChanges, statusInput } from "../../../supabase/functions/phone-numbers/schemas.ts";
import { organisationChanges } from "../../../supabase/functions/settings/schemas.ts";
import { adversarialValues, boundaryValues, isList } from "../../fixtures/adversarial-values.ts";
import { type ArrangedOrg, arrangeCampaign, arrangeOrg, signedIn } from "../../fixtures/arrange-sending.ts";
import type { Session } from "../../fixtures/open-session.ts";
import { sampleCases } from "../../fixtures/sample-cases.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
let admin: Session;
let draft: string;
beforeAll(async () => {
  org = await arrangeOrg(bench.db);
  admin = await signedIn(bench.db, org.adminId);
  draft = await arrangeCampaign(bench.db, org, { status: "ready" });
  await bench.sql`update public.campaigns set status = 'draft', built_at = null where id = ${draft}`;
});

interface Verdict {
  taken: boolean;
  /** The fields that a refusal names. */
  fields: string[];
}

/** Every mistake of the caller counts the same; an accepted value is rolled back. */
async function ask(statement: string, args: string[]): Promise<Verdict> {
  await admin.begin();
  try {
    await admin.sql.unsafe(statement, args);
    return { taken: true, fields: [] };
  } catch (error) {
    const { code, detail } = error as { code: string; detail?: string };
    expect(code, `${statement} ${args.map((arg) => arg.slice(0, 200))}: ${error}`).toMatch(
      /^(PT4\d\d|22\w{3}|54001)$/,
    );
    return {
      taken: false,
      fields:
        code === "PT422" ? JSON.parse(detail ?? "").errors.map((one: { field: string }) => one.field) : [],
    };
  } finally {
    await admin.rollback();
  }
}

const shown = (value: unknown) => JSON.stringify(value).slice(0, 120);
const wordOf = (taken: boolean) => (taken ? "taken" : "refused");

/**
 * Compares the verdicts over an input for each value.
 * @param known fields that only the database can check fully, such as whether a row exists. It may refuse more there.
 */
async function disagreements(
  schema: z.ZodType,
  inputs: { field: string; input: unknown }[],
  call: (input: unknown) => Promise<Verdict>,
  known: string[] = [],
): Promise<string[]> {
  const found: string[] = [];
  for (const { field, input } of sampleCases("values", inputs, 0.3)) {
    const parsed = schema.safeParse(JSON.parse(JSON.stringify(input))).success;
    const { taken, fields } = await call(input);
    if (parsed === taken) continue;
    if (parsed && known.some((name) => field === name && fields.every((one) => one.startsWith(name))))
      continue;
    found.push(
      `${shown(input)}: the route's schema ${wordOf(parsed)}, the function ${wordOf(taken)} (${fields})`,
    );
  }
  return found;
}

/** One input for each field and value; the rest of the input is valid. */
function inputsOf(
  shape: Record<string, z.ZodType>,
  base: object,
  wrap: (input: object) => unknown = (input) => input,
) {
  return Object.entries(shape).flatMap(([field, schema]) =>
    [...adversarialValues(), ...boundaryValues(schema)].flatMap((value) =>
      (isList(schema) ? [value, [value]] : [value]).map((one) => ({
        field,
        input: wrap({ ...base, [field]: one }),
      })),
    ),
  );
}
/** Values that are no input, and unknown keys. */
const strange = (base: object) =>
  [
    null,
    [],
    "x",
    1,
    {},
    ...["x", "", "org_id", "constructor", "a\nb"].map((key) => ({ ...base, [key]: 1 })),
    JSON.parse('{"__proto__": 1}'),
  ].map((input) => ({ field: "", input }));
const json = (input: unknown) => [JSON.stringify(input)];

describe("a campaign", () => {
  // Zod drops a key __proto__ of template_weights before it checks.
  const KNOWN = ["template_weights", "template_ids", "phone_number_ids", "variants", "target_criteria"];
  const create = (input: unknown) => ask("select public.create_campaign($1::text::jsonb)", json(input));
  const update = (input: unknown) =>
    ask(`select public.update_campaign('${draft}', $1::text::jsonb)`, json(input));

  test("that is made", async () => {
    const base = { name: "Spring" };
    const inputs = [...inputsOf(campaignInput.shape, base), ...strange(base)];
    expect(inputs.length).toBeGreaterThan(1_500);
    expect(await disagreements(campaignInput, inputs, create, KNOWN)).toEqual([]);
  });

  test("that is changed", async () => {
    const inputs = [...inputsOf(campaignChanges.shape, {}), ...strange({ name: "Spring" })];
    expect(await disagreements(campaignChanges, inputs, update, KNOWN)).toEqual([]);
  });

  test("with its variants and weights", async () => {
    const second = { name: "B", share: 1, template_ids: ["018f2c5e-7b1a-7c3d-9e4f-0123456789ab"] };
    const variants = inputsOf(
      campaignInput.shape.variants.unwrap().element.shape,
      { ...second, name: "A" },
      (variant) => ({
        variants: [variant, second],
      }),
    ).map(({ input }) => ({ field: "variants", input }));
    expect(await disagreements(campaignChanges, variants, update, ["variants"])).toEqual([]);
    const weights = [...adversarialValues(), 1_000, 1_001].flatMap((value) => [
      { field: "", input: { template_weights: { [org.templateId]: value } } },
      ...(typeof value === "string" ? [{ field: "", input: { template_weights: { [value]: 1 } } }] : []),
    ]);
    expect(await disagreements(campaignChanges, weights, update)).toEqual([]);
  });

  test("with its criteria", async () => {
    // A filter of leads is checked against its own shape elsewhere.
    const { filter: _, ...shape } = targetCriteria.shape;
    // Only the function knows whether what an id names exists.
    const known: Record<string, string> = { segment_ids: "segment_ids" };
    for (const name of ["exclude_campaign_ids", "failed_in_campaign_id", "unanswered_campaign_id"])
      known[name] = `target_criteria.${name}`;
    const inputs = inputsOf(shape, {}, (criteria) => ({ target_criteria: criteria })).map(
      ({ field, input }) => ({ field: known[field] ?? "", input }),
    );
    const unknown = strange({}).map(({ input }) => ({ field: "", input: { target_criteria: input } }));
    expect(
      await disagreements(campaignChanges, [...inputs, ...unknown], update, Object.values(known)),
    ).toEqual([]);
  });
});

describe("a number", () => {
  test("that is changed", async () => {
    const update = (input: unknown) =>
      ask(`select public.update_number('${org.numbers[0]?.id}', $1::text::jsonb)`, json(input));
    const inputs = [...inputsOf(numberChanges.shape, {}), ...strange({ mps: 1 })];
    expect(await disagreements(numberChanges, inputs, update, ["time_zone"])).toEqual([]);
  });

  test("that is stopped", async () => {
    const texts = [
      ...adversarialValues(),
      ...boundaryValues(statusInput.shape.reason),
      "paused",
      "quarantined",
    ].filter((value) => typeof value === "string");
    const inputs = [
      ...texts.map((status) => ({ field: "", input: { status } })),
      ...texts.map((reason) => ({ field: "", input: { status: "paused", reason } })),
    ];
    const stop = (input: unknown) => {
      const { status, reason } = input as { status: string; reason?: string };
      return ask(
        `select public.set_number_status('${org.numbers[0]?.id}', $1 #>> '{}', $2 #>> '{}')`
          .replaceAll("$1", "$1::text::jsonb")
          .replaceAll("$2", "$2::text::jsonb"),
        [JSON.stringify(status), JSON.stringify(reason ?? null)],
      );
    };
    expect(await disagreements(statusInput, inputs, stop)).toEqual([]);
  });
});

test("an organisation's settings", async () => {
  const update = (input: unknown) => ask("select public.update_organisation($1::text::jsonb)", json(input));
  const inputs = [...inputsOf(organisationChanges.shape, {}), ...strange({ brand: "Tierra" })];
  expect(await disagreements(organisationChanges, inputs, update, ["time_zone"])).toEqual([]);
});

test("a filter of leads", async () => {
  const count = (input: unknown) => ask("select public.count_leads($1::text::jsonb)", json(input));
  const inputs = [...inputsOf(leadFilter.shape, {}), ...strange({ replied: true })];
  expect(inputs.length).toBeGreaterThan(3_000);
  expect(await disagreements(leadFilter, inputs, count, ["segment_ids"])).toEqual([]);
});

test("a decision about an unknown send", async () => {
  const texts = adversarialValues().filter((value) => typeof value === "string");
  const resolve = (input: unknown) =>
    ask(
      `select public.resolve_campaign_sends('${draft}', $1::text::jsonb #>> '{}')`,
      json((input as { action: string }).action),
    );
  const inputs = [...texts, "retry", "assume_sent"].map((action) => ({ field: "", input: { action } }));
  expect(await disagreements(resolution, inputs, resolve)).toEqual([]);
});

test("every setting that admins may write is in the shape, and nothing else", async () => {
  const [row] = await bench.sql`
    select array(select jsonb_object_keys(private.organisation_shape() -> 'properties') order by 1) as shape,
      array(select a.attname::text from pg_attribute a
        where a.attrelid in ('public.orgs'::regclass, 'public.sending_limits'::regclass) and a.attnum > 0
          and has_column_privilege('authenticated', a.attrelid, a.attnum, 'update') order by 1) as granted`;
  expect(row?.shape).toEqual(row?.granted);
  expect(Object.keys(organisationChanges.shape).sort()).toEqual(row?.shape.toSorted());
});

test("a phone number is the same to every table, function and route", async () => {
  const definitions = await bench.sql`
    select c.conname as name, pg_get_constraintdef(c.oid) as text from pg_constraint c
    where c.connamespace in ('public'::regnamespace, 'private'::regnamespace) and c.contype = 'c'
    union all
    select p.proname, p.prosrc from pg_proc p where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)`;
  const patterns = definitions.flatMap(({ name, text }) =>
    [...text.matchAll(/'(\^[\\]*\+\[1-9\][^']*)'/g)].map((found) => ({ name, pattern: found[1] })),
  );
  expect(patterns.length).toBeGreaterThan(4);
  expect(patterns.filter(({ pattern }) => pattern !== E164.source)).toEqual([]);
});
