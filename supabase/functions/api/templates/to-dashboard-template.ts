// A template in the dashboard's words.
import { findVariable } from "../../_shared/sms/variables.ts";

export interface Template {
  id: string;
  number: number;
  content: string;
  category: string;
  is_active: boolean;
  created_at: string;
  updated_at: string;
}

const CATEGORY_NAMES: Record<string, string> = { initial: "initial_outreach", followup: "follow_up" };
/** The dashboard's names of variables that are not ours in camelCase. */
const VARIABLE_NAMES: Record<string, string> = { brand: "companyName" };

export function toDashboardTemplate(template: Template) {
  return {
    ...template,
    id: template.number,
    uuid: template.id,
    content: withDashboardVariables(template.content),
    category: CATEGORY_NAMES[template.category] ?? template.category,
    isActive: template.is_active,
    tags: [] as string[],
    createdAt: template.created_at,
    updatedAt: template.updated_at,
  };
}

/** {first_name} as {{firstName}}. One with a fallback of its own stays, because the dashboard has no word for that. */
function withDashboardVariables(content: string): string {
  return content.replace(/\{(\w+)\}/g, (written, name: string) => {
    if (!findVariable(name)) return written;
    return `{{${VARIABLE_NAMES[name] ?? name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())}}}`;
  });
}
