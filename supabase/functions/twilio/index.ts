// Serves the area twilio: delivery receipts and incoming messages, signed by Twilio.
import { probeDirect } from "../_shared/db/probe-direct.ts";
import { createArea } from "../_shared/http/create-area.ts";
import { routes } from "./routes.ts";
import { verifyWebhook } from "./verify-webhook.ts";

export default createArea({
  area: "twilio",
  description: "Twilio's webhooks: delivery receipts and incoming messages.",
  routes,
  probeConnection: probeDirect,
  verifyTwilio: verifyWebhook,
});
