// The fields a column of an import can go to.

/** In the order in which a row's phones are tried. */
export const PHONE_FIELDS = ["primary_phone", "secondary_phone", "alternate_phone", "other_phone"] as const;
export const PHONE_TYPE_FIELDS = [
  "primary_phone_type",
  "secondary_phone_type",
  "alternate_phone_type",
] as const;
/** Whether the phone beside must not be called; phone_dnc speaks of all phones of the row. */
export const PHONE_DNC_FIELDS = [
  "primary_phone_dnc",
  "secondary_phone_dnc",
  "alternate_phone_dnc",
  "other_phone_dnc",
  "phone_dnc",
] as const;
export const PARCEL_FIELDS = [
  "apn",
  "situs",
  "property_state",
  "property_type",
  "acreage",
  "estimated_value",
] as const;

export const IMPORT_FIELDS = [
  "first_name",
  "last_name",
  "full_name",
  ...PHONE_FIELDS,
  ...PHONE_TYPE_FIELDS,
  ...PHONE_DNC_FIELDS,
  "email",
  "address1",
  "address2",
  "city",
  "state",
  "postal_code",
  "county",
  "language",
  "status",
  "lead_score",
  "consent_status",
  "source",
  "notes",
  "tags",
  ...PARCEL_FIELDS,
  /** Kept under the column's own name. Columns that a mapping does not name are kept so too. */
  "custom_field",
  /** Left out. */
  "ignore",
] as const;

export type ImportField = (typeof IMPORT_FIELDS)[number];

/** Fields that several columns may go to; any other field takes one column. */
export const REPEATABLE_FIELDS: readonly ImportField[] = [
  "other_phone",
  // "Phone 1 DNC" and "Phone 1 Litigator".
  ...PHONE_DNC_FIELDS,
  "notes",
  "tags",
  "custom_field",
  "ignore",
];

/** {column: field}. */
export type Mapping = Record<string, ImportField>;

/**
 * What becomes of a row whose phone a lead has: left out; its values written over the lead's, or into its blanks; its phones
 * and parcel added; or a lead of its own.
 */
export const MERGE_STRATEGIES = ["skip", "update", "fill", "add_phones", "create"] as const;
export type MergeStrategy = (typeof MERGE_STRATEGIES)[number];
