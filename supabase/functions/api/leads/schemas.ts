// Leads as the dashboard reads and sends them: in snake_case and camelCase at once.
import { z } from "zod";
import { routes } from "../../leads/routes.ts";
import { routeOf } from "../door/mount-area.ts";

/** What stands in a list of tags for "none": the dashboard invents tags for leads without any, and sends them as if they were real. */
export const UNTAGGED = "UNTAGGED";

const text = z.string();
const maybe = z.string().nullable();
const number = z.number().nullable();
const ours = routeOf(routes, "GET /{id}").response.schema as z.ZodObject;

export const dashboardLead = ours.extend({
  tags: z.array(text).describe(`${UNTAGGED} alone if the lead has none`),
  phone1: maybe,
  phone2: maybe,
  phone3: maybe,
  address_line1: maybe,
  address_line2: maybe,
  zip_code: maybe,
  parcel_id: maybe.describe("Of the first parcel, as are property_type, acreage and estimated_value"),
  property_type: maybe,
  acreage: number,
  estimated_value: number,
  lead_source: maybe,
  firstName: text,
  lastName: text,
  fullName: text,
  phone: text,
  primaryPhone: text,
  secondaryPhone: text,
  alternatePhone: text,
  leadSource: text,
  score: text,
  address: z.object({ street: text, city: text, state: text, zip: text, county: text }),
  property: z.object({ propertyType: text, acreage: number, estimatedValue: number, parcelId: text }),
  createdAt: text,
  updatedAt: text,
});

const anything = z.unknown().optional();
const nested = z.record(z.string(), z.unknown()).optional();
/** The area checks the values: only the names are the door's. */
export const dashboardLeadInput = z
  .looseObject({ first_name: anything, phone1: anything, address: nested, property: nested })
  .describe(
    "The fields of a lead in snake_case (phone1, zip_code, lead_source, …) or camelCase; an empty text is no value",
  );

export const bulkUpdate = z.strictObject({
  leadIds: z.array(z.uuid()).min(1).max(10_000),
  updates: z
    .strictObject({ status: text, lead_score: text, lead_source: text })
    .partial()
    .refine((updates) => Object.keys(updates).length === 1, { message: "Give exactly one field to change." }),
});
export const bulkResult = z.object({
  matched: z.int(),
  success_count: z.int(),
  updated_count: z.int(),
  error_count: z.int(),
  job_id: z.uuid().nullable().describe("More than 1,000 leads are changed by a job: GET /leads/jobs/{id}"),
});

export const importProgress = z.object({
  import_id: z.uuid(),
  id: z.uuid(),
  status: z.enum(["processing", "completed", "failed"]),
  state: text.describe("The status in the words of GET /leads/imports"),
  file_name: text,
  total_rows: z.int().nullable().describe("Null until the end of the file is reached"),
  processed_rows: z.int(),
  current_row: z.int(),
  successful_imports: z.int(),
  success_count: z.int(),
  failed_imports: z.int(),
  error_count: z.int(),
  duplicate_skips: z.int(),
  warning_count: z.int(),
  progress_percentage: z.number(),
  progress_pct: z.number(),
  estimated_time_remaining: number.describe("Seconds"),
  eta_seconds: number,
  error_message: maybe,
  errors: z.array(
    z.object({
      row_number: z.int(),
      error_type: text,
      field_name: maybe,
      message: text,
      suggested_fix: maybe,
    }),
  ),
  validation_warnings: z.array(text),
  created_at: text,
  completed_at: maybe,
});
export type ImportProgress = z.output<typeof importProgress>;
