// What a lead's fields may hold: the allowed values and lengths, which the database checks too.

/** From qualified to lost: the stages of a deal. */
export const LEAD_STATUSES = [
  "new",
  "contacted",
  "interested",
  "not_interested",
  "qualified",
  "appointment",
  "contract",
  "closed",
  "lost",
  "do_not_contact",
] as const;
export const LEAD_SCORES = ["cold", "warm", "hot"] as const;
export const CONSENT_STATUSES = ["unknown", "granted", "denied"] as const;
export const LANGUAGES = ["es", "en"] as const;
export const LINE_TYPES = ["mobile", "landline", "voip", "toll_free", "other"] as const;
export const PHONE_ROLES = ["primary", "secondary", "alternate"] as const;

/** In characters. */
export const MAX_LENGTH = {
  first_name: 200,
  last_name: 200,
  email: 320,
  address1: 300,
  address2: 300,
  city: 200,
  postal_code: 20,
  county: 200,
  source: 200,
  notes: 10_000,
  apn: 100,
  situs: 300,
  property_type: 100,
} as const;

/** Acres and US dollars. */
export const MAX_ACREAGE = 99_999_999;
export const MAX_ESTIMATED_VALUE = 999_999_999_999;
export const MAX_PARCELS = 100;
/** In bytes, for all custom fields of a lead together, as the database stores them. */
export const MAX_CUSTOM_BYTES = 32_768;
export const MAX_CUSTOM_FIELDS = 500;
export const MAX_CUSTOM_NAME = 210;
export const MAX_CUSTOM_TEXT = 10_000;

export const MAX_TAGS = 50;
export const TAG = /^[A-Z0-9+-]{1,50}$/;
/** Enough to tell an address from other text; whether mail arrives can't be seen from it. */
export const EMAIL = /^[^\s@,;]+@[^\s@,;][^\s@,;.]*\.[^\s@,;]{2,}$/;
