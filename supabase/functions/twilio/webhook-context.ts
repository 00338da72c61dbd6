// The database connection and the public URL of Twilio's webhooks.
import { connectDirect, type Direct } from "../_shared/db/direct.ts";
import type { MachineContext } from "../_shared/http/context.ts";
import { publicUrl } from "../_shared/twilio/public-url.ts";

export type WebhookType = "status" | "inbound";

export function connect(ctx: MachineContext): Direct {
  return connectDirect(ctx.env, "twilio");
}

/** status or inbound, by the path. */
export function webhookType(ctx: MachineContext): WebhookType {
  return new URL(ctx.request.url).pathname.endsWith("/inbound") ? "inbound" : "status";
}

/** The URL that Twilio called and signed. */
export function calledUrl(ctx: MachineContext): string {
  const { pathname } = new URL(ctx.request.url);
  return publicUrl(ctx.env.require("PUBLIC_FUNCTIONS_URL"), pathname, ctx.request.url);
}
