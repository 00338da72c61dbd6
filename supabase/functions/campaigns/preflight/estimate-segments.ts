// How many segments a campaign's messages will have, by rendering its texts as the worker will.
import { compileTemplate } from "../../_shared/sms/compile-template.ts";
import { countSegments } from "../../_shared/sms/count-segments.ts";
import { renderTemplate, type TemplateValues } from "../../_shared/sms/render-template.ts";

/** Rendering a text takes 3 to 5 us of CPU (Deno 2.1.4), and an isolate has one second for all that it does. */
const MAX_RENDERED = 10_000;

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
 * Renders each text for each person, or for the first of them if there are many texts. A text whose variables a person lacks is not
 * sent to them, and does not count.
 * @returns null if there is nobody, or no text that anybody can get
 */
export function estimateSegments(texts: WeightedText[], people: TemplateValues[]): SegmentEstimate | null {
  const counted: { segments: number; weight: number }[] = [];
  const sample = people.slice(0, Math.max(1, Math.floor(MAX_RENDERED / Math.max(1, texts.length))));
  for (const { content, language, weight } of texts) {
    const compiled = compileTemplate(content);
    if (!compiled.ok || weight <= 0) continue;
    for (const values of sample) {
      const rendered = renderTemplate(compiled.template, values, { language });
      if (rendered.ok) counted.push({ segments: countSegments(rendered.text).segments, weight });
    }
  }
  if (counted.length === 0) return null;
  counted.sort((a, b) => a.segments - b.segments);
  const total = counted.reduce((sum, { weight }) => sum + weight, 0);
  const mean = counted.reduce((sum, { segments, weight }) => sum + segments * weight, 0) / total;
  return {
    people: sample.length,
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
