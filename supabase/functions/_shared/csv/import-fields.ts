// The fields that a column of an import can go to.

/** In the order in which a row's phones are tried. */
export const PHONE_FIELDS = ["primary_phone", "secondary_phone", "alternate_phone", "other_phone"] as const;
export const PHONE_TYPE_FIELDS = [
  "primary_phone_type",
  "secondary_phone_type",
  "alternate_phone_type",
] as const;
/** What follows the name of a phone in a field that says something about it; phone_dnc and its like are about all phones of the row. */
const flagFields = <End extends string>(end: End) =>
  [
    `primary_phone_${end}`,
    `secondary_phone_${end}`,
    `alternate_phone_${end}`,
    `other_phone_${end}`,
    `phone_${end}`,
  ] as const;
/** Whether the phone must not be written to: whatever is not a clear no is a yes. */
export const PHONE_DNC_FIELDS = flagFields("dnc");
/** Whether the person agreed to be written to at this phone: a no denies it. */
export const PHONE_CONSENT_FIELDS = flagFields("consent");
/** Words about the phone, such as DNC, wrong number, landline; others say nothing. */
export const PHONE_STATUS_FIELDS = flagFields("status");
export const PHONE_FLAG_FIELDS = [
  ...PHONE_DNC_FIELDS,
  ...PHONE_CONSENT_FIELDS,
  ...PHONE_STATUS_FIELDS,
] as const;
export const PARCEL_FIELDS = [
  "apn",
  "situs",
  "property_state",
  "property_city_state_zip",
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
  ...PHONE_FLAG_FIELDS,
  "email",
  "address1",
  "address2",
  "city",
  "state",
  "postal_code",
  /** City, state and ZIP code in one cell. */
  "city_state_zip",
  /** A row of another country is refused. */
  "country",
  "county",
  "language",
  "status",
  "lead_score",
  "consent_status",
  "source",
  "notes",
  "tags",
  ...PARCEL_FIELDS,
  /** Kept under the column's own name, as are columns that a mapping does not name. */
  "custom_field",
  /** Left out. */
  "ignore",
] as const;

export type ImportField = (typeof IMPORT_FIELDS)[number];

/** Fields that several columns may go to; any other field takes one column. */
export const REPEATABLE_FIELDS: readonly ImportField[] = [
  "other_phone",
  // "Phone 1 DNC" and "Phone 1 Litigator".
  ...PHONE_FLAG_FIELDS,
  "notes",
  "tags",
  "custom_field",
  "ignore",
];

/** {column: field}. */
export type Mapping = Record<string, ImportField>;

/**
 * What happens to a row whose phone a lead has. skip: it is left out. update: its values replace the lead's. fill: its values
 * fill the lead's blanks. add_phones: its phones and parcel are added. create: it becomes a lead of its own.
 */
export const MERGE_STRATEGIES = ["skip", "update", "fill", "add_phones", "create"] as const;
export type MergeStrategy = (typeof MERGE_STRATEGIES)[number];
