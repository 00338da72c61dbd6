// Values as PostgREST writes them, for types that lite writes differently: numbers as numbers, times in ISO 8601.

const asText = (value: unknown) => String(value);

/** "2026-11-23 02:00:42.76+00" becomes "2026-11-23T02:00:42.76+00:00"; infinity stays as it is. */
function isoTime(value: string): string {
  return value.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00");
}

/** For the driver's `types`, by Postgres type id. */
export const POSTGREST_TYPES = {
  numeric: { to: 1700, from: [1700], serialize: asText, parse: Number },
  timestamp: { to: 1114, from: [1114], serialize: asText, parse: isoTime },
  timestamptz: { to: 1184, from: [1184], serialize: asText, parse: isoTime },
};
