// Checks a template before it is saved: its faults, its highest cost, and a cheaper spelling.
import {
  compileTemplate,
  normaliseTemplate,
} from "../../../supabase/functions/_shared/sms/compile-template.ts";
import { countSegments, type Encoding } from "../../../supabase/functions/_shared/sms/count-segments.ts";
import { type GsmSafeOffer, offerGsmSafe } from "../../../supabase/functions/_shared/sms/gsm-safe.ts";
import type { TemplateValues } from "../../../supabase/functions/_shared/sms/render-template.ts";
import type { Language } from "../../../supabase/functions/_shared/sms/variables.ts";
import { type Finding, lintContent, type TemplateCategory } from "./lint-content.ts";
import { worstCaseSegments } from "./worst-case-segments.ts";

export interface LintOptions {
  /** Values that are the same for every recipient, above all `brand`; they make the worst case exact. */
  known?: TemplateValues;
}

export interface LintResult {
  /** No errors: the template may be saved. */
  ok: boolean;
  /** The text to store. */
  content: string;
  errors: Finding[];
  warnings: Finding[];
  /** Canonical names of all variables, and of those whose absence excludes a target. */
  variables: string[];
  required: string[];
  /** Worst case over all recipients. */
  encoding: Encoding;
  segments: number;
  /** The spelling that stays in GSM-7, if it differs, with the cost of both. */
  gsmSafe?: GsmSafeOffer;
}

/** Twilio refuses more (error 21617). */
const MAX_CHARACTERS = 1600;
const MANY_SEGMENTS = 2;

const LANGUAGE_NAMES: Record<Language, string> = { es: "Spanish", en: "English" };
/** How opt-out lines begin in each language. */
const OPT_OUT_LINE: Record<Language, RegExp> = {
  es: /\b(?:Respond[ae]|Conteste|Env[ií]e|Escriba|Mande) ALTO|ALTO (?:para|si|y)\b/i,
  en: /\b(?:Reply|Text|Send|Answer) STOP|STOP (?:to|if)\b/i,
};

/**
 * Findings, variables and worst-case cost of a template. Errors forbid saving it: unbalanced braces, unknown variables,
 * and for a first message a link, a missing brand or missing opt-out wording, and content that carriers forbid everywhere.
 */
export function lintTemplate(
  content: string,
  category: TemplateCategory,
  language: Language,
  options: LintOptions = {},
): LintResult {
  const text = normaliseTemplate(content);
  const findings: Finding[] = [];
  const add = (code: string, severity: Finding["severity"], message: string, remedy: string) =>
    findings.push({ code, severity, message, remedy });

  if (text === "") add("empty", "error", "The template is empty.", "Write the message.");
  if (text.length > MAX_CHARACTERS) {
    add(
      "too_long",
      "error",
      `The template has ${text.length} characters.`,
      `Keep it within ${MAX_CHARACTERS}.`,
    );
  }
  const compiled = compileTemplate(text);
  if (!compiled.ok) {
    for (const { code, message, position } of compiled.problems) {
      add(code, "error", message, `Mend it at character ${position + 1}.`);
    }
  }
  const template = compiled.ok ? compiled.template : { parts: [text], variables: [], required: [] };
  const fixed = template.parts
    .map((part) => (typeof part === "string" ? part : (part.fallback ?? "")))
    .join(" ");
  const brand = options.known?.brand;
  const rendered = template.parts
    .map((part) =>
      typeof part === "string" ? part : String(options.known?.[part.variable] ?? part.fallback ?? "X"),
    )
    .join("");
  if (text !== "" && compiled.ok) {
    findings.push(
      ...lintContent(
        fixed,
        rendered,
        template.variables,
        category,
        brand === undefined || brand === null ? undefined : String(brand),
      ),
    );
    const other = language === "es" ? "en" : "es";
    if (OPT_OUT_LINE[other].test(fixed) && !OPT_OUT_LINE[language].test(fixed)) {
      const message = `The opt-out wording is not ${LANGUAGE_NAMES[language]}, the template's language.`;
      add("opt_out_language", "warning", message, "Write it in the language of the message.");
    }
  }

  const worst = worstCaseSegments(template, options);
  if (worst.segments > MANY_SEGMENTS) {
    add(
      "many_segments",
      "warning",
      `The message can take ${worst.segments} segments, each charged as one message.`,
      "Shorten it.",
    );
  }
  if (worst.units > MAX_CHARACTERS && text.length <= MAX_CHARACTERS) {
    add(
      "too_long",
      "error",
      `With the longest values the message has ${worst.units} characters.`,
      "Shorten it.",
    );
  }
  const offer = offerGsmSafe(text);
  if (countSegments(fixed).encoding === "UCS-2") {
    const remedy =
      offer.remaining.length > 0 ? `Remove ${offer.remaining.join(" ")}.` : `Write: ${offer.text}`;
    const cheaper = offer.after.segments < offer.before.segments;
    const cost = cheaper ? `, here ${offer.before.segments} instead of ${offer.after.segments}` : "";
    add(
      "not_gsm",
      "warning",
      `Accents such as á, í, ó, ú, emoji or typographic signs halve the size of a segment${cost}.`,
      remedy,
    );
  }

  const errors = findings.filter(({ severity }) => severity === "error");
  return {
    ok: errors.length === 0,
    content: text,
    errors,
    warnings: findings.filter(({ severity }) => severity === "warning"),
    variables: template.variables,
    required: template.required,
    encoding: worst.encoding,
    segments: worst.segments,
    ...(offer.changed ? { gsmSafe: offer } : {}),
  };
}
