// Variables of texts as the dashboard writes them.
import { findVariable } from "../../_shared/sms/variables.ts";

/** The dashboard's names of variables that are not ours in camelCase. */
const VARIABLE_NAMES: Record<string, string> = { brand: "companyName" };

/** {first_name} as {{firstName}}. One with a fallback of its own stays, because the dashboard has no word for that. */
export function withDashboardVariables(content: string): string {
  return content.replace(/\{(\w+)\}/g, (written, name: string) => {
    if (!findVariable(name)) return written;
    return `{{${VARIABLE_NAMES[name] ?? name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())}}}`;
  });
}
