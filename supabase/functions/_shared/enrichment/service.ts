// A service of an organisation's own, as private.service_for_worker gives it.

export interface EnrichmentService {
  id: string;
  kind: "property" | "scrub";
  url: string;
  method: "GET" | "POST";
  /** What it is sent, with placeholders. */
  request: Record<string, unknown>;
  field_map: Record<string, unknown>;
  secret_header: string;
  secret: string | null;
  batch_size: number;
  timeout_ms: number;
}

/** A parcel as a service is told of it. */
export interface ParcelFields {
  apn: string | null;
  county: string | null;
  state: string | null;
  situs: string | null;
  property_type: string | null;
  acreage: number | null;
  estimated_value: number | null;
}
export const PARCEL_FIELDS = [
  "apn",
  "county",
  "state",
  "situs",
  "property_type",
  "acreage",
  "estimated_value",
] as const satisfies readonly (keyof ParcelFields)[];

/** Placeholders of a scrub's request: the phones in E.164, and as ten digits. */
export const PHONE_FIELDS = ["phones", "phones10"] as const;
