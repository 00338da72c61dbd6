// The columns of an export of leads and the value of each. An import understands their names: see suggest-mapping.ts.
import { PHONE_ROLES } from "./lead-values.ts";

/** One row of private.export_page. */
export interface ExportLead {
  id: string;
  first_name: string | null;
  last_name: string | null;
  email: string | null;
  address1: string | null;
  address2: string | null;
  city: string | null;
  state: string | null;
  postal_code: string | null;
  county: string | null;
  language: string | null;
  status: string;
  lead_score: string;
  consent_status: string;
  source: string | null;
  notes: string | null;
  tags: string[];
  custom_fields: Record<string, unknown>;
  created_at: string;
  updated_at: string;
  phones: Partial<Record<(typeof PHONE_ROLES)[number], ExportPhone>>;
  parcels: ExportParcel[];
}

export interface ExportPhone {
  e164: string;
  line_type: string | null;
  consent_status: string;
  is_valid: boolean;
  carrier: string | null;
}

export interface ExportParcel {
  apn: string | null;
  county: string | null;
  state: string | null;
  situs: string | null;
  property_type: string | null;
  acreage: number | null;
  estimated_value: number | null;
}

export type Cell = string | number | null;
type Read = (lead: ExportLead, parcel: ExportParcel | undefined) => Cell;

/** A spreadsheet turns +15125550123 into a number, but not (512) 555-0123. An import reads both. */
function showPhone(e164: string | undefined): Cell {
  const [, area, exchange, line] = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(e164 ?? "") ?? [];
  return area ? `(${area}) ${exchange}-${line}` : (e164 ?? null);
}

const phoneColumns = PHONE_ROLES.flatMap((role): [string, Read][] => [
  [`${role}_phone`, ({ phones }) => showPhone(phones[role]?.e164)],
  [`${role}_phone_type`, ({ phones }) => phones[role]?.line_type ?? null],
  [`${role}_phone_consent`, ({ phones }) => phones[role]?.consent_status ?? null],
  [`${role}_phone_valid`, ({ phones }) => yesOrNo(phones[role]?.is_valid)],
  [`${role}_phone_carrier`, ({ phones }) => phones[role]?.carrier ?? null],
]);

function yesOrNo(value: boolean | undefined): Cell {
  return value === undefined ? null : value ? "yes" : "no";
}

const READERS = new Map<string, Read>([
  ["first_name", (lead) => lead.first_name],
  ["last_name", (lead) => lead.last_name],
  ...phoneColumns,
  ["email", (lead) => lead.email],
  ["address1", (lead) => lead.address1],
  ["address2", (lead) => lead.address2],
  ["city", (lead) => lead.city],
  ["state", (lead) => lead.state],
  ["zip_code", (lead) => lead.postal_code],
  ["county", (lead) => lead.county],
  ["language", (lead) => lead.language],
  ["status", (lead) => lead.status],
  ["lead_score", (lead) => lead.lead_score],
  ["consent_status", (lead) => lead.consent_status],
  ["source", (lead) => lead.source],
  ["tags", (lead) => lead.tags.join(", ")],
  ["notes", (lead) => lead.notes],
  ["apn", (_lead, parcel) => parcel?.apn ?? null],
  ["situs", (_lead, parcel) => parcel?.situs ?? null],
  ["property_state", (_lead, parcel) => parcel?.state ?? null],
  ["property_type", (_lead, parcel) => parcel?.property_type ?? null],
  ["acreage", (_lead, parcel) => parcel?.acreage ?? null],
  ["estimated_value", (_lead, parcel) => parcel?.estimated_value ?? null],
  ["parcel_county", (_lead, parcel) => parcel?.county ?? null],
  ["parcel_count", (lead) => lead.parcels.length],
  ["lead_id", (lead) => lead.id],
  ["lead_created_at", (lead) => lead.created_at],
  ["lead_updated_at", (lead) => lead.updated_at],
]);

/** In the order of the file. Custom fields come after them, each under its own name. */
export const EXPORT_COLUMNS = [...READERS.keys()];

/** Columns that an import ignores: it does not take these values from a file. Consent and validity are never left behind. */
export const EXPORT_ONLY_COLUMNS = EXPORT_COLUMNS.filter((name) =>
  /^(?:lead_(?:id|created_at|updated_at)|parcel_.*|.*_phone_carrier)$/.test(name),
);

/** More columns than people look at, and fewer than spreadsheets refuse; the other fields share one column, as JSON. */
const MAX_CUSTOM_COLUMNS = 500;
const OTHER_FIELDS = "other_custom_fields";

export interface ExportPlan {
  header: string[];
  /** The rows of a lead: one, or one for each parcel. */
  rowsOf(lead: ExportLead): Cell[][];
}

/**
 * @param columns which of EXPORT_COLUMNS. null: all of them, and only then custom fields too
 * @param customFields names of custom fields, the most frequent first
 */
export function planExport(
  columns: string[] | null,
  customFields: string[],
  rowsPer: "lead" | "parcel",
): ExportPlan {
  const names = columns ?? EXPORT_COLUMNS;
  const own = columns === null ? customFields.slice(0, MAX_CUSTOM_COLUMNS) : [];
  const shown = new Set(own);
  const hasOthers = columns === null && customFields.length > MAX_CUSTOM_COLUMNS;
  const readers: Read[] = names.map((name) => READERS.get(name) as Read);
  readers.push(
    ...own.map(
      (name): Read =>
        ({ custom_fields }) =>
          showCustom(custom_fields[name]),
    ),
  );
  if (hasOthers) readers.push(({ custom_fields }) => showOthers(custom_fields, shown));
  const taken = new Set([...EXPORT_COLUMNS, OTHER_FIELDS].map((name) => name.toLowerCase()));
  const header = [
    ...names,
    ...own.map((name) => (taken.has(name.toLowerCase()) ? `${name} (custom)` : name)),
    ...(hasOthers ? [OTHER_FIELDS] : []),
  ];
  return {
    header,
    rowsOf: (lead) => {
      const parcels = rowsPer === "parcel" && lead.parcels.length > 0 ? lead.parcels : [lead.parcels[0]];
      return parcels.map((parcel) => readers.map((read) => read(lead, parcel)));
    },
  };
}

function showCustom(value: unknown): Cell {
  if (value === undefined || value === null) return null;
  return typeof value === "string" || typeof value === "number" ? value : JSON.stringify(value);
}

function showOthers(fields: Record<string, unknown>, shown: Set<string>): Cell {
  const found = Object.entries(fields).filter(([name]) => !shown.has(name));
  return found.length > 0 ? JSON.stringify(Object.fromEntries(found)) : null;
}
