// Sends one text from the lead's page.
import type { z } from "zod";
import type { UserContext } from "../../_shared/http/context.ts";
import { routes } from "../../messages/routes.ts";
import { inBothShapes } from "../door/both-shapes.ts";
import { callRoute } from "../door/call-route.ts";
import { routeOf } from "../door/mount-area.ts";
import type { dashboardText } from "./schemas.ts";

export const sendRoute = routeOf(routes, "POST /send");

interface SentText {
  id: string;
  deduplicated: boolean;
  created_at: string;
}

/** The same text to the same person within a minute is one message: the area sees to that. */
export async function sendText(ctx: UserContext, { body: given }: { body: z.output<typeof dashboardText> }) {
  const [to, body, leadId] = [
    given.to || given.phone_number,
    given.body || given.content,
    given.lead_id || undefined,
  ];
  const sent = await callRoute<SentText>(
    ctx,
    sendRoute,
    { body: { ...(to && { to }), ...(leadId && { lead_id: leadId }), body: body ?? "" } },
    new Map([
      ...(given.to ? [] : [["to", "phone_number"] as const]),
      ...(given.body || !given.content ? [] : [["body", "content"] as const]),
    ]),
  );
  return inBothShapes({
    ...sent,
    message: sent.deduplicated ? "This text is on its way already." : "The text is on its way.",
    timestamp: sent.created_at,
  });
}
