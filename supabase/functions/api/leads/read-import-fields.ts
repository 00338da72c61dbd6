// Turns the fields that the dashboard puts beside a file into those of an import.
import { parseJson } from "../../_shared/http/parse-json.ts";
import { UNTAGGED } from "./schemas.ts";

type Fields = Record<string, string>;

/** Targets of a mapping that the dashboard names in its own way. Others are the area's own names. */
const TARGETS = new Map(
  Object.entries({
    firstName: "first_name",
    lastName: "last_name",
    fullName: "full_name",
    primaryPhone: "primary_phone",
    secondaryPhone: "secondary_phone",
    alternatePhone: "alternate_phone",
    phone1: "primary_phone",
    phone2: "secondary_phone",
    phone3: "alternate_phone",
    "address.street": "address1",
    "address.city": "city",
    "address.state": "state",
    "address.zip": "postal_code",
    "address.county": "county",
    address_line1: "address1",
    address_line2: "address2",
    zip_code: "postal_code",
    "property.propertyType": "property_type",
    "property.acreage": "acreage",
    "property.estimatedValue": "estimated_value",
    "property.parcelId": "apn",
    parcel_id: "apn",
    leadSource: "source",
    lead_source: "source",
  }),
);
const NAMES = new Map(
  Object.entries({
    mappings: "mapping",
    bulkTags: "tags",
    bulk_tags: "tags",
    keepCase: "keep_case",
    allowRepeat: "allow_repeat",
    mergeStrategy: "merge_strategy",
    duplicate_strategy: "merge_strategy",
  }),
);

/** @param fields as the form has them; what can't be read stays as it is, and the area says what is wrong with it */
export function readImportFields(fields: Fields): Fields {
  const { autoTaggingEnabled, taggingOptions, ...rest } = fields;
  const read = Object.fromEntries(
    Object.entries(rest).map(([name, value]) => [NAMES.get(name) ?? name, value]),
  );
  if (read.mapping !== undefined) read.mapping = readMapping(read.mapping);
  if (read.tags !== undefined) read.tags = readTags(read.tags);
  if (autoTaggingEnabled !== undefined)
    read.auto_tags = autoTaggingEnabled === "true" ? readTaggingOptions(taggingOptions) : "false";
  return read;
}

function readMapping(text: string): string {
  const mapping = parseObject(text);
  if (!mapping) return text;
  const targets = Object.entries(mapping).map(([column, target]) => [
    column,
    typeof target === "string" ? (TARGETS.get(target) ?? target) : target,
  ]);
  return JSON.stringify(Object.fromEntries(targets));
}

function readTags(text: string): string {
  const tags = parseJson(text);
  return Array.isArray(tags) ? JSON.stringify(tags.filter((tag) => tag !== UNTAGGED)) : text;
}

function readTaggingOptions(text: string | undefined): string {
  const options = text === undefined ? undefined : parseObject(text);
  if (!options) return "true";
  const { includeTimeTag, includeGeographicTag, includePropertyTag, customUploadDate } = options;
  const day = typeof customUploadDate === "string" ? customUploadDate.slice(0, 10) : "";
  return JSON.stringify({
    time: includeTimeTag !== false,
    geographic: includeGeographicTag !== false,
    property: includePropertyTag !== false,
    ...(day !== "" && { upload_date: day }),
  });
}

function parseObject(text: string): Record<string, unknown> | undefined {
  const value = parseJson(text);
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}
