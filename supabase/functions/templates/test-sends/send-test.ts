// Sends a template to a confirmed test phone.
import type { z } from "zod";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import { validationError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { readPhone } from "../../_shared/http/read-phone.ts";
import { previewTemplate } from "../template/preview-template.ts";
import { sentTest, type testSendInput } from "./schemas.ts";

/**
 * @throws AppError not_found; opted_out, outside_hours, spending_limit_reached and others that say why not; rate_limited for
 *   more than ten a day; invalid_input for a phone that is not confirmed, or values that are missing
 */
export async function sendTest(
  ctx: UserContext,
  { params, body }: { params: { id: string }; body: z.output<typeof testSendInput> },
): Promise<z.output<typeof sentTest>> {
  const { to, lead_id, values = {} } = body;
  const e164 = readPhone("to", to);
  // A value may be there and come to nothing when it is cleaned: the database can't see that.
  const shown = await previewTemplate(ctx, { params, body: { lead_id, values: { phone: e164, ...values } } });
  if (shown.missing.length > 0)
    throw validationError([
      {
        field: "values",
        message: `The text needs a value of: ${shown.missing.join(", ")}. Give it in values, or choose a lead that has it.`,
      },
    ]);
  return parseAnswer(
    await ctx.db.rpc("send_test", {
      p_template_id: params.id,
      p_to: e164,
      p_values: values,
      ...(lead_id && { p_lead_id: lead_id }),
    }),
    sentTest,
  );
}
