// An organisation's own service, as private.service_for_worker returns it.

import type { ScrubMap } from "./map-scrub.ts";

export type EnrichmentService = PropertyService | ScrubService;

interface Service {
  id: string;
  url: string;
  method: "GET" | "POST";
  /** The template of what it is sent, with placeholders. */
  request: Record<string, unknown>;
  secret_header: string;
  secret: string | null;
  batch_size: number;
  timeout_ms: number;
}

/** Asked about parcels. */
export interface PropertyService extends Service {
  kind: "property";
  field_map: Record<string, unknown>;
}

/** Asked about phones. */
export interface ScrubService extends Service {
  kind: "scrub";
  field_map: ScrubMap;
}

/** The fields of a parcel that a service may be sent, and may answer. */
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
