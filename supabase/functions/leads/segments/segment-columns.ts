// The columns of a segment that the API answers with.
export const SEGMENT_COLUMNS =
  "id, name, description, kind, filter, created_by, created_at, updated_at" as const;
