// PostgREST compares a filter's value as the text that was sent. Lite makes a number of whatever looks like one, so that a phone
// such as +15125550100 loses its plus, and equals nothing.

const comparison = /(^|[(,.])(eq|neq|gte?|lte?|isdistinct)\.([+-]?[\d.][\d.eE+-]*)(?=$|[,)])/g;
const list = /(^|[(,.])in\.\(([^()"]*)\)/g;
/** Parameters that are no filters. */
const others = new Set(["select", "order", "limit", "offset", "columns", "on_conflict", "apikey"]);

/** A value in quotes, which lite takes as it is, if a number would be written otherwise. */
function quoted(value: string): string {
  const looksLikeNumber = /^[+-]?[\d.][\d.eE+-]*$/.test(value) && !Number.isNaN(Number(value));
  return looksLikeNumber && String(Number(value)) !== value ? `"${value}"` : value;
}

/** Returns the request, with those values of its filters in quotes that would change as numbers. */
export function keepFilterTexts(request: Request): Request {
  const url = new URL(request.url);
  let changed = false;
  for (const [name, value] of [...url.searchParams]) {
    if (others.has(name)) continue;
    const kept = value
      .replace(comparison, (_, before, operator, text) => `${before}${operator}.${quoted(text)}`)
      .replace(list, (_, before, items) => `${before}in.(${items.split(",").map(quoted).join(",")})`);
    if (kept === value) continue;
    const all = url.searchParams.getAll(name).map((one) => (one === value ? kept : one));
    url.searchParams.delete(name);
    for (const one of all) url.searchParams.append(name, one);
    changed = true;
  }
  return changed ? new Request(url, request) : request;
}
