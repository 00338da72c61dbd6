// A lead with every name under which the dashboard looks for a field.
import { UNTAGGED } from "./schemas.ts";

interface Parcel {
  apn: string | null;
  property_type: string | null;
  acreage: number | null;
  estimated_value: number | null;
}

/** The fields of the area's lead that have other names in the dashboard. */
export interface Lead {
  id: string;
  first_name: string | null;
  last_name: string | null;
  full_name: string | null;
  primary_phone: string | null;
  secondary_phone: string | null;
  alternate_phone: string | null;
  address1: string | null;
  address2: string | null;
  city: string | null;
  state: string | null;
  postal_code: string | null;
  county: string | null;
  source: string | null;
  lead_score: string;
  tags: string[];
  properties: Parcel[];
  created_at: string;
  updated_at: string;
}

/** Texts in camelCase are never null: some pages call their methods without asking. */
export function toDashboardLead(lead: Lead) {
  const parcel = lead.properties[0];
  const { property_type = null, acreage = null, estimated_value = null, apn = null } = parcel ?? {};
  return {
    ...lead,
    tags: lead.tags.length > 0 ? lead.tags : [UNTAGGED],
    phone1: lead.primary_phone,
    phone2: lead.secondary_phone,
    phone3: lead.alternate_phone,
    address_line1: lead.address1,
    address_line2: lead.address2,
    zip_code: lead.postal_code,
    parcel_id: apn,
    property_type,
    acreage,
    estimated_value,
    lead_source: lead.source,
    firstName: lead.first_name ?? "",
    lastName: lead.last_name ?? "",
    fullName: lead.full_name ?? "",
    phone: lead.primary_phone ?? "",
    primaryPhone: lead.primary_phone ?? "",
    secondaryPhone: lead.secondary_phone ?? "",
    alternatePhone: lead.alternate_phone ?? "",
    leadSource: lead.source ?? "",
    score: lead.lead_score,
    address: {
      street: lead.address1 ?? "",
      city: lead.city ?? "",
      state: lead.state ?? "",
      zip: lead.postal_code ?? "",
      county: lead.county ?? "",
    },
    property: {
      propertyType: property_type ?? "",
      acreage,
      estimatedValue: estimated_value,
      parcelId: apn ?? "",
    },
    createdAt: lead.created_at,
    updatedAt: lead.updated_at,
  };
}
