// Reads a template once into its fixed pieces and variables, or says what is wrong with it.
import { suggestVariable } from "./suggest-variable.ts";
import { findVariable } from "./variables.ts";

export interface VariablePart {
  /** Canonical name. */
  variable: string;
  /** The template's own fallback, `{first_name|vecino}`; "" means leave it out. Undefined if the template gives none. */
  fallback?: string;
}

export type TemplatePart = string | VariablePart;

export interface CompiledTemplate {
  parts: TemplatePart[];
  /** Canonical names in order of first use. */
  variables: string[];
  /** Variables whose missing value excludes the target: neither the template nor the variable itself has a fallback. */
  required: string[];
}

export interface TemplateProblem {
  code: "unbalanced_brace" | "unknown_variable";
  message: string;
  /** Where the problem begins in the normalised text, from 0. */
  position: number;
}

export type CompileResult =
  | { ok: true; template: CompiledTemplate }
  | { ok: false; problems: TemplateProblem[] };

/** Either brace style, with an optional fallback after a bar. */
const TOKEN = /\{\{([^{}]*)\}\}|\{([^{}]*)\}/g;

/** A template's text as it is stored: NFC (decomposed accents cost double), LF line ends, no space at either end. */
export function normaliseTemplate(content: string): string {
  return content.normalize("NFC").replace(/\r\n?/g, "\n").trim();
}

function describeUnknown(spelling: string): string {
  if (spelling.trim() === "")
    return "A variable has no name between its braces. Write {first_name}, or remove them.";
  const suggestion = suggestVariable(spelling);
  const remedy = suggestion ? `Did you mean {${suggestion}}?` : "See the list of variables.";
  return `{${spelling.trim().slice(0, 40)}} is not a variable. ${remedy}`;
}

function findStrayBraces(text: string, offset: number): TemplateProblem[] {
  const found = /[{}]/.exec(text);
  if (!found) return [];
  const message = `There is a "${found[0]}" without its counterpart. Write variables as {first_name} or {{firstName}}.`;
  return [{ code: "unbalanced_brace", message, position: offset + found.index }];
}

/**
 * Compiles a template. `{first_name}` and `{{firstName}}` mean the same, and `{first_name|vecino}` gives a fallback.
 * Unknown variables and unbalanced braces are refused with the nearest known name.
 */
export function compileTemplate(content: string): CompileResult {
  const text = normaliseTemplate(content);
  const parts: TemplatePart[] = [];
  const problems: TemplateProblem[] = [];
  const variables = new Set<string>();
  const required = new Set<string>();
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    const fixed = text.slice(end, match.index);
    problems.push(...findStrayBraces(fixed, end));
    if (fixed !== "") parts.push(fixed);
    end = match.index + match[0].length;

    const inside = match[1] ?? match[2] ?? "";
    const bar = inside.indexOf("|");
    const spelling = bar === -1 ? inside : inside.slice(0, bar);
    const variable = findVariable(spelling.trim());
    if (!variable) {
      problems.push({ code: "unknown_variable", message: describeUnknown(spelling), position: match.index });
      continue;
    }
    variables.add(variable.name);
    if (bar === -1) {
      parts.push({ variable: variable.name });
      if (!variable.fallback) required.add(variable.name);
    } else {
      parts.push({ variable: variable.name, fallback: inside.slice(bar + 1).trim() });
    }
  }
  const rest = text.slice(end);
  problems.push(...findStrayBraces(rest, end));
  if (rest !== "") parts.push(rest);
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, template: { parts, variables: [...variables], required: [...required] } };
}
