// Puts a recipient's values into a compiled template.
import { cleanName } from "./clean-name.ts";
import { cleanValue } from "./clean-value.ts";
import type { CompiledTemplate } from "./compile-template.ts";
import { toGsmSafe } from "./gsm-safe.ts";
import { findVariable, type Language, variableNamed } from "./variables.ts";

/** Variables with the name of a person. */
const NAMES = ["first_name", "last_name", "full_name"];

/** Values by canonical variable name. */
export type TemplateValues = Readonly<Record<string, string | number | null | undefined>>;

export interface RenderOptions {
  language: Language;
  /** Spell the whole message in GSM-7 (María → Maria), for templates saved with that choice. */
  gsmSafe?: boolean;
}

export type RenderResult = { ok: true; text: string } | { ok: false; missing: string[] };

/** Turns values keyed by any spelling ({ firstName }) into values keyed by canonical name, without unknown keys. */
export function canonicaliseValues(
  values: TemplateValues,
): Record<string, string | number | null | undefined> {
  const canonical: Record<string, string | number | null | undefined> = {};
  for (const [spelling, value] of Object.entries(values)) {
    const variable = findVariable(spelling);
    if (variable) canonical[variable.name] = value;
  }
  return canonical;
}

/** Joins the texts around an empty value without two spaces, a space before a comma, or a comma at the beginning. */
function closeGap(before: string, after: string): [string, string] {
  if (before === "" || /[\n¿¡(]$/.test(before)) return [before, after.replace(/^[ ,.;:]+/, "")];
  if (/^[ ]?[,.;:!?)]/.test(after)) return [before.replace(/(?<! ) +$/, ""), after.replace(/^ +/, "")];
  if (before.endsWith(" ")) return [before, after.replace(/^ +/, "")];
  return [before, after];
}

/**
 * Renders a message in one pass: text in a value is never read as a variable again. Values are cleaned, and a lead's values
 * are cut to their variable's size. A missing value takes the template's fallback, else the variable's own in that language.
 * If there is none, the result has no text and names every variable that is missing.
 */
export function renderTemplate(
  template: CompiledTemplate,
  values: TemplateValues,
  options: RenderOptions,
): RenderResult {
  const missing = new Set<string>();
  let text = "";
  let gap = false;
  for (const part of template.parts) {
    let piece: string;
    if (typeof part === "string") {
      piece = options.gsmSafe ? toGsmSafe(part) : part;
    } else {
      const variable = variableNamed(part.variable);
      const gsmOnly = options.gsmSafe === true || variable.charset === "gsm";
      // The brand is never cut: its length is known when the template is saved.
      const maxLength = variable.scope === "org" ? Number.POSITIVE_INFINITY : variable.maxLength;
      piece = NAMES.includes(variable.name)
        ? cleanName(
            cleanValue(values[variable.name], Number.POSITIVE_INFINITY, gsmOnly),
            maxLength,
            variable.name === "first_name",
          )
        : cleanValue(values[variable.name], maxLength, gsmOnly);
      if (piece === "") {
        const fallback = part.fallback ?? variable.fallback?.[options.language];
        if (fallback === undefined) missing.add(variable.name);
        else piece = options.gsmSafe ? toGsmSafe(fallback) : fallback;
      }
    }
    if (gap) [text, piece] = closeGap(text, piece);
    gap = piece === "" && (gap || typeof part !== "string");
    text += piece;
  }
  return missing.size > 0 ? { ok: false, missing: [...missing] } : { ok: true, text: text.trim() };
}
