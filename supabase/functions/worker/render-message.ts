// Renders the text of a claimed message, from its reply or its template, and counts its segments.
import { type CompiledTemplate, compileTemplate } from "../_shared/sms/compile-template.ts";
import { countSegments } from "../_shared/sms/count-segments.ts";
import { renderTemplate, type TemplateValues } from "../_shared/sms/render-template.ts";

export interface MessageSource {
  content: string | null;
  template_content: string | null;
  language: "es" | "en" | null;
  variables: TemplateValues | null;
}

export type RenderedMessage = { ok: true; text: string; segments: number } | { ok: false; reason: string };

/** By content: a compiled template, or why it can't be compiled. Compiling one costs as much as rendering twenty. */
const compiled = new Map<string, CompiledTemplate | string>();
const MAX_COMPILED = 500;

/** Renders the same text every time from the same message: looking for it in Twilio's list depends on that. */
export function renderMessage(source: MessageSource): RenderedMessage {
  let text = source.content;
  if (text === null) {
    if (source.template_content === null)
      return { ok: false, reason: "The message has no text or template." };
    const template = compile(source.template_content);
    if (typeof template === "string") return { ok: false, reason: template };
    const rendered = renderTemplate(template, source.variables ?? {}, { language: source.language ?? "es" });
    if (!rendered.ok) return { ok: false, reason: `The template lacks ${rendered.missing.join(", ")}.` };
    text = rendered.text;
  }
  if (text === "") return { ok: false, reason: "The message's text is empty." };
  return { ok: true, text, segments: countSegments(text).segments };
}

function compile(content: string): CompiledTemplate | string {
  let template = compiled.get(content);
  if (template === undefined) {
    const result = compileTemplate(content);
    template = result.ok ? result.template : `The template can't be read: ${result.problems[0]?.message}`;
    if (compiled.size >= MAX_COMPILED) compiled.clear();
    compiled.set(content, template);
  }
  return template;
}
