// The columns of a template that the API answers with.
export const TEMPLATE_COLUMNS =
  "id, number, name, category, language, content, variables, required_variables, encoding, worst_segments, version, is_active, " +
  "archived_at, created_at, updated_at";
