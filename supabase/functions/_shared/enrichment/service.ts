// A service of an organisation's own, as private.service_for_worker gives it.

import type { ScrubMap } from "./map-scrub.ts";

export type EnrichmentService = PropertyService | ScrubService;

interface Service {
  id: string;
  url: string;
  method: "GET" | "POST";
  /** What it is sent, with placeholders. */
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
