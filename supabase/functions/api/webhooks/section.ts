// Twilio's webhooks under the paths of the older documents: the same handlers as /functions/v1/twilio.
import { routes } from "../../twilio/routes.ts";
import { verifyWebhook } from "../../twilio/verify-webhook.ts";
import { mountArea } from "../door/mount-area.ts";
import type { Section } from "../door/section.ts";

export const section: Section = { routes: mountArea("webhooks/twilio", routes), verifyTwilio: verifyWebhook };
