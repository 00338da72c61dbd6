// Where Twilio's messaging API (services, A2P registration) is: Twilio's own address, or the one the environment names.
import type { Environment } from "../environment/environment.ts";

/** TWILIO_MESSAGING_URL, without a slash at the end. @throws Error if it is no http(s) URL */
export function twilioMessagingUrl(env: Environment): string {
  const url = env.get("TWILIO_MESSAGING_URL") ?? "https://messaging.twilio.com";
  if (!/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : "")) {
    throw new Error(
      "The environment variable TWILIO_MESSAGING_URL is not a URL such as https://messaging.twilio.com.",
    );
  }
  return url.replace(/(?<!\/)\/+$/, "");
}
