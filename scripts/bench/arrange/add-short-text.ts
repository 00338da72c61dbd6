// A first text of one segment: pace equals messages only if each message is one segment.
import type postgres from "postgres";
import { compileTemplate } from "../../../supabase/functions/_shared/sms/compile-template.ts";

const CONTENT =
  "Hola {first_name|vecino}, somos {brand}. Compramos terrenos. Responda ALTO para no recibir mas.";

/** @returns its id */
export async function addShortText(sql: postgres.Sql, orgId: string): Promise<string> {
  const compiled = compileTemplate(CONTENT);
  if (!compiled.ok) throw new Error(compiled.problems[0]?.message);
  const { variables, required } = compiled.template;
  const [row] = await sql`
    insert into public.templates
      (org_id, category, language, name, content, variables, required_variables, encoding, worst_segments)
    values (${orgId}, 'initial', 'es', 'Bench', ${CONTENT}, ${variables}, ${required}, 'GSM-7', 1)
    returning id`;
  return row?.id;
}
