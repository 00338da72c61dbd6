// What services that are asked about parcels and phones look like on the wire.
import { z } from "zod";
import { PATH } from "../../_shared/enrichment/read-path.ts";
import { PARCEL_FIELDS } from "../../_shared/enrichment/service.ts";
import { laneStatus } from "../phones/schemas.ts";

const path = z
  .string()
  .max(200)
  .regex(PATH, { message: "Write a path into the answer such as parcel.acres or results[0].value." });
export const parcelMap = z
  .strictObject(Object.fromEntries(PARCEL_FIELDS.map((field) => [field, path.optional()])))
  .refine((map) => Object.keys(map).length > 0, { message: "Map at least one field." });
export const scrubMap = z
  .strictObject({
    results: path
      .optional()
      .describe("Where the list of phones is in the answer; left out: the answer itself is the list"),
    phone: path.describe("Where an entry of the list has the phone, in any US format"),
    dnc: path.optional().describe("Where an entry says whether the phone is on a do-not-call list"),
    litigator: path.optional().describe("Where an entry says whether the phone is a known litigator's"),
    hits_only: z.boolean().optional().describe("True: phones that the answer does not name are clean"),
  })
  .refine((map) => map.dnc !== undefined || map.litigator !== undefined, {
    path: ["dnc"],
    message: "Map dnc, litigator or both.",
  });

/** Headers of the connection. If one of them were sent twice, the service could read another request than we sent. */
const CONNECTION_HEADERS = new Set(
  "accept accept-encoding connection content-encoding content-length content-type cookie expect host keep-alive te trailer transfer-encoding upgrade user-agent via".split(
    " ",
  ),
);
const isConnectionHeader = (name: string) => CONNECTION_HEADERS.has(name) || /^(proxy|sec)-/.test(name);

const settings = {
  name: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .regex(/^\P{Cc}*$/u, { message: "Leave control characters out of the name." }),
  url: z
    .string()
    .trim()
    .max(2000)
    .describe(
      "An https URL with a public address; redirects are not followed. If Twilio is a simulator on this machine, http to this machine is allowed too",
    ),
  method: z.enum(["GET", "POST"]).describe("GET: the request becomes the query; POST: a JSON body"),
  request: z
    .record(z.string().max(200), z.unknown())
    .refine(isSmall, {
      message: "What a service is sent has at most 10,000 characters, 8 levels and 300 values.",
    })
    .describe(
      "What is sent. It names {apn}, {county}, {state}, {situs}, {property_type}, {acreage} or {estimated_value} of a parcel, or {phones} (E.164) or {phones10} (ten digits)",
    ),
  field_map: z
    .record(z.string(), z.unknown())
    .describe(
      "Where values are in the answer. For parcels: the path of each field; map apn (and county, state) if the service returns them, so that an answer about another parcel is noticed. For phones: results, phone, dnc, litigator, hits_only",
    ),
  secret_header: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,60}$/, { message: "Write the name of a header such as x-api-key." })
    .refine((name) => !isConnectionHeader(name.toLowerCase()), {
      message: "The connection uses this header itself: name another one for the secret.",
    }),
  secret: z
    .string()
    .max(4000)
    .regex(/^[\x20-\x7e]*$/, { message: "A secret is made of printable ASCII characters." })
    .nullable()
    .describe(
      "The header's value as it is sent, such as Bearer abc. It is stored in Vault and never returned; null removes it",
    ),
  batch_size: z.number().int().min(1).max(50).describe("Phones per call"),
  daily_budget: z
    .number()
    .int()
    .min(0)
    .max(1_000_000)
    .describe("Parcels or phones a day at most, in the organisation's time zone"),
  timeout_ms: z.number().int().min(1000).max(20_000),
  is_enabled: z.boolean(),
  is_automatic: z
    .boolean()
    .describe("Ask by itself about new parcels that lack acreage or value, or about new phones"),
};
const { name, url, request, field_map, ...others } = settings;
export const serviceInput = z.strictObject({
  kind: z.enum(["property", "scrub"]).describe("property: asked about parcels; scrub: about phones"),
  name,
  url,
  request,
  field_map,
  ...z.strictObject(others).partial().shape,
});
export const serviceChanges = z
  .strictObject({ ...others, name, url, request, field_map })
  .partial()
  .refine((changes) => Object.keys(changes).length > 0, { message: "Give at least one setting to change." });
export type ServiceInput = z.output<typeof serviceInput>;
export type ServiceChanges = z.output<typeof serviceChanges>;

export const service = z.object({
  id: z.uuid(),
  kind: z.enum(["property", "scrub"]),
  name: z.string(),
  url: z.string().nullable().describe("Null unless the caller is an admin"),
  method: z.enum(["GET", "POST"]),
  request: z.record(z.string(), z.unknown()).nullable().describe("Null unless the caller is an admin"),
  field_map: z.record(z.string(), z.unknown()),
  secret_header: z.string(),
  has_secret: z.boolean(),
  batch_size: z.number().int(),
  daily_budget: z.number().int(),
  timeout_ms: z.number().int(),
  is_enabled: z.boolean(),
  is_automatic: z.boolean(),
  created_at: z.string(),
  updated_at: z.string(),
  ...laneStatus,
});
export type Service = z.output<typeof service>;

export const enrichmentRequest = z
  .strictObject({
    lead_ids: z
      .array(z.uuid())
      .min(1)
      .max(10_000)
      .optional()
      .describe("Ask about the parcels or phones of these leads"),
    all: z.literal(true).optional().describe("Ask about the parcels or phones of all leads"),
    overwrite: z
      .boolean()
      .default(false)
      .describe("Also ask about what is known already; answers then replace what is known of parcels"),
    dry_run: z.boolean().default(false).describe("Only count"),
  })
  .refine((body) => (body.lead_ids === undefined) !== (body.all === undefined), {
    path: ["lead_ids"],
    message: "Give lead_ids or all: true.",
  });
const count = z.number().int();
export const requestedEnrichment = z.object({
  found: count.describe(
    "Parcels that lack acreage or value, or phones without an answer within 30 days that are on no list",
  ),
  queued: count,
  has_more: z.boolean().describe("There are more than the 20,000 of one request: ask again for them"),
  daily_budget: count,
  days: count.nullable().describe("How long it takes within the daily budget"),
});

export const testInput = z.strictObject({
  parcel: z
    .strictObject({
      apn: z.string().max(100).nullable().default(null),
      county: z.string().max(200).nullable().default(null),
      state: z.string().length(2).nullable().default(null),
      situs: z.string().max(300).nullable().default(null),
      property_type: z.string().max(100).nullable().default(null),
      acreage: z.number().nullable().default(null),
      estimated_value: z.number().nullable().default(null),
    })
    .optional()
    .describe("For a service that is asked about parcels"),
  phones: z
    .array(z.string().max(100))
    .min(1)
    .max(5)
    .optional()
    .describe("For one that is asked about phones"),
});
export const testResult = z.object({
  is_ok: z.boolean(),
  problem: z.string().nullable().describe("Why its answer could not be used; null if it could"),
  http_status: z.number().int().nullable(),
  answer: z.string().nullable().describe("What the service answered, up to 16,000 characters"),
  found: z
    .record(z.string(), z.unknown())
    .describe("What would be kept: fields of the parcel, or phones and what each is"),
  ms: z.number().int(),
});

/** The database checks the same limits again and has the last word. */
function isSmall(request: unknown): boolean {
  let values = 0;
  const fits = (value: unknown, depth: number): boolean => {
    if (++values > 300 || depth > 8) return false;
    return (
      typeof value !== "object" ||
      value === null ||
      Object.values(value).every((part) => fits(part, depth + 1))
    );
  };
  return fits(request, 0) && JSON.stringify(request).length <= 10_000;
}
