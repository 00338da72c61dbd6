// Names, checks and measures the default templates; a template that the linter refuses stops the generator.

import type { Encoding } from "../../supabase/functions/_shared/sms/count-segments.ts";
import type { TemplateGroup } from "./data/default-templates.ts";
import { lintTemplate } from "./lint/lint-template.ts";

export interface DefaultTemplate {
  key: string;
  category: string;
  language: string;
  name: string;
  content: string;
  variables: string[];
  requiredVariables: string[];
  encoding: Encoding;
  worstSegments: number;
}

/** The templates with keys ("initial_es_01"), names, variables and worst case, which assumes a brand of 25 characters at most. */
export function buildDefaultTemplates(groups: TemplateGroup[]): DefaultTemplate[] {
  return groups.flatMap(({ category, language, name, contents }) =>
    contents.map((content, index) => {
      const number = String(index + 1).padStart(2, "0");
      const linted = lintTemplate(content, category, language);
      if (!linted.ok) {
        throw new Error(
          `${name} ${number}: ${linted.errors.map(({ message }) => message).join(" ")}\n${content}`,
        );
      }
      return {
        key: `${category}_${language}_${number}`,
        category,
        language,
        name: contents.length === 1 ? name : `${name} ${number}`,
        content: linted.content,
        variables: linted.variables,
        requiredVariables: linted.required,
        encoding: linted.encoding,
        worstSegments: linted.segments,
      };
    }),
  );
}
