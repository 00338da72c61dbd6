// Renders a text as it would be sent, with its cost and what stands in for missing values.
import type { CompiledTemplate } from "../../_shared/sms/compile-template.ts";
import { countSegments } from "../../_shared/sms/count-segments.ts";
import { renderTemplate, type TemplateValues } from "../../_shared/sms/render-template.ts";
import { type Language, variableNamed } from "../../_shared/sms/variables.ts";
import { spellSafely } from "./lint-template.ts";
import type { Preview } from "./schemas.ts";

/** @param segmentCost US dollars */
export function renderPreview(
  template: CompiledTemplate,
  values: TemplateValues,
  language: Language,
  segmentCost: number,
): Preview {
  const rendered = renderTemplate(template, values, { language });
  const fallbacks = findFallbacks(template, values, language);
  if (!rendered.ok || rendered.text === "")
    return {
      text: null,
      encoding: null,
      segments: null,
      characters: null,
      cost: null,
      gsm_safe: null,
      missing: rendered.ok ? [] : rendered.missing,
      fallbacks,
    };
  const { text } = rendered;
  const { encoding, segments, units } = countSegments(text);
  return {
    text,
    encoding,
    segments,
    characters: units,
    cost: Math.round(segments * segmentCost * 100_000) / 100_000,
    gsm_safe: spellSafely(text),
    missing: [],
    fallbacks,
  };
}

/** What stands for each variable whose value is missing, or is nothing once it is cleaned. */
function findFallbacks(
  template: CompiledTemplate,
  values: TemplateValues,
  language: Language,
): Record<string, string> {
  const found: Record<string, string> = {};
  for (const part of template.parts) {
    if (typeof part === "string") continue;
    const { variable } = part;
    const alone = renderTemplate(
      { parts: [{ variable, fallback: "" }], variables: [variable], required: [] },
      values,
      { language },
    );
    const fallback = part.fallback ?? variableNamed(variable).fallback?.[language];
    if (alone.ok && alone.text === "" && fallback !== undefined) found[variable] = fallback;
  }
  return found;
}
