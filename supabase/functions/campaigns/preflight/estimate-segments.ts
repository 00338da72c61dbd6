// How many segments a campaign's messages will have, by rendering its texts as the worker will.
import { compileTemplate } from "../../_shared/sms/compile-template.ts";
import { countSegments } from "../../_shared/sms/count-segments.ts";
import { renderTemplate, type TemplateValues } from "../../_shared/sms/render-template.ts";

export interface WeightedText {
  content: string;
  language: "es" | "en";
  /** Its share among the texts of the campaign. */
  weight: number;
}

export interface SegmentEstimate {
  people: number;
  p50: number;
  p95: number;
  max: number;
  mean: number;
}

/**
 * Renders each text for each person. A text whose variables a person lacks is not sent to them, and does not count.
 * @returns null if there is nobody, or no text that anybody can get
 */
export function estimateSegments(texts: WeightedText[], people: TemplateValues[]): SegmentEstimate | null {
  const counted: { segments: number; weight: number }[] = [];
  for (const { content, language, weight } of texts) {
    const compiled = compileTemplate(content);
    if (!compiled.ok || weight <= 0) continue;
    for (const values of people) {
      const rendered = renderTemplate(compiled.template, values, { language });
      if (rendered.ok) counted.push({ segments: countSegments(rendered.text).segments, weight });
    }
  }
  if (counted.length === 0) return null;
  counted.sort((a, b) => a.segments - b.segments);
  const total = counted.reduce((sum, { weight }) => sum + weight, 0);
  const mean = counted.reduce((sum, { segments, weight }) => sum + segments * weight, 0) / total;
  return {
    people: people.length,
    p50: quantile(counted, total * 0.5),
    p95: quantile(counted, total * 0.95),
    max: counted.at(-1)?.segments as number,
    mean: Math.round(mean * 100) / 100,
  };
}

/** The segments of the item at which the weights of the sorted list reach so much. */
function quantile(sorted: { segments: number; weight: number }[], weight: number): number {
  let sum = 0;
  for (const item of sorted) {
    sum += item.weight;
    if (sum >= weight) return item.segments;
  }
  return sorted.at(-1)?.segments as number;
}
