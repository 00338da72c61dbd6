// A template in the dashboard's words.
import { withDashboardVariables } from "../door/dashboard-variables.ts";

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
