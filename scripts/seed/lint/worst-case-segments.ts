// The most a template can cost per message; planning charges this against daily caps and spending.
import { cleanValue } from "../../../supabase/functions/_shared/sms/clean-value.ts";
import type {
  CompiledTemplate,
  VariablePart,
} from "../../../supabase/functions/_shared/sms/compile-template.ts";
import { countSegments, type SegmentCount } from "../../../supabase/functions/_shared/sms/count-segments.ts";
import { toGsmSafe } from "../../../supabase/functions/_shared/sms/gsm-safe.ts";
import type { TemplateValues } from "../../../supabase/functions/_shared/sms/render-template.ts";
import { variableNamed } from "../../../supabase/functions/_shared/sms/variables.ts";

export interface WorstCaseOptions {
  /** Values that are the same for every recipient (brand, agent_name): counted as they are, not at their maximum. */
  known?: TemplateValues;
  /** Rendered with the GSM-safe spelling. */
  gsmSafe?: boolean;
}

/** A stand-in as long as the variable's longest value, and outside GSM-7 if any of its values can be. */
function worstValue(part: VariablePart, { known, gsmSafe }: WorstCaseOptions): string {
  const variable = variableNamed(part.variable);
  const gsmOnly = gsmSafe === true || variable.charset === "gsm";
  const given = cleanValue(known?.[variable.name], Number.POSITIVE_INFINITY, gsmOnly);
  if (given !== "") return given;
  const fallbacks = part.fallback === undefined ? Object.values(variable.fallback ?? {}) : [part.fallback];
  const outside = !gsmOnly || fallbacks.some((fallback) => countSegments(fallback).encoding === "UCS-2");
  const length = Math.max(variable.maxLength, ...fallbacks.map((fallback) => countSegments(fallback).units));
  return (outside && !gsmSafe ? "Á" : "m").repeat(length);
}

/**
 * Encoding, segments and units of the longest message the template can become. Assumes, for each variable not known, the
 * maximum size of `VARIABLES` and, if its charset is `any`, an accent that forces UCS-2 (MARÍA); rendering cuts
 * leads' values to the same sizes, so no message of this template is ever larger. Growing a value never lowers the count, so
 * the longest values are the worst.
 */
export function worstCaseSegments(template: CompiledTemplate, options: WorstCaseOptions = {}): SegmentCount {
  let text = "";
  for (const part of template.parts) text += typeof part === "string" ? part : worstValue(part, options);
  return countSegments(options.gsmSafe ? toGsmSafe(text) : text);
}
