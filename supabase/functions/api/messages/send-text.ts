// Sends one text from the lead's page.
import { z } from "zod";
import type { UserContext } from "../../_shared/http/context.ts";
import type { FieldNames } from "../../_shared/http/rename-fields.ts";
import { routes } from "../../messages/routes.ts";
import { inBothShapes } from "../door/both-shapes.ts";
import { callRoute } from "../door/call-route.ts";
import { routeOf } from "../door/mount-area.ts";
import { fillVariables, hasVariables, leadOfPhone } from "./fill-variables.ts";
import type { dashboardText } from "./schemas.ts";

export const sendRoute = routeOf(routes, "POST /send");

interface SentText {
  id: string;
  deduplicated: boolean;
  created_at: string;
}

/**
 * The same text to the same person within a minute is one message: the area sees to that.
 * @throws AppError what the area's route throws; invalid_input naming variables without a value
 */
export async function sendText(ctx: UserContext, { body: given }: { body: z.output<typeof dashboardText> }) {
  const [to, body, leadId] = [
    given.to || given.phone_number,
    given.body || given.content,
    given.lead_id || undefined,
  ];
  const names = new Map([
    ...(given.to ? [] : [["to", "phone_number"] as const]),
    ...(given.body || !given.content ? [] : [["body", "content"] as const]),
  ]);
  const sent = await callRoute<SentText>(
    ctx,
    sendRoute,
    {
      body: {
        ...(to && { to }),
        ...(leadId && { lead_id: leadId }),
        body: await filled(ctx, body ?? "", to, leadId, names),
      },
    },
    names,
  );
  return inBothShapes({
    ...sent,
    message: sent.deduplicated ? "This text is on its way already." : "The text is on its way.",
    timestamp: sent.created_at,
  });
}

/** The text with its variables filled in. It stays as it is without a lead, or with an id that is none: the area refuses these. */
async function filled(
  ctx: UserContext,
  text: string,
  to: string | null | undefined,
  leadId: string | undefined,
  names: FieldNames,
): Promise<string> {
  if (!hasVariables(text) || (leadId && !z.uuid().safeParse(leadId).success)) return text;
  const lead = leadId ?? (to ? await leadOfPhone(ctx, to, names.get("to") ?? "to") : null);
  return lead === null ? text : await fillVariables(ctx, text, lead, names.get("body") ?? "body");
}
