// Where Twilio's Lookup API is: Twilio's own address, or the one the environment names.
import type { Environment } from "../environment/environment.ts";

/** TWILIO_LOOKUPS_URL, without a slash at the end. @throws Error if it is no http(s) URL */
export function twilioLookupsUrl(env: Environment): string {
  const url = env.get("TWILIO_LOOKUPS_URL") ?? "https://lookups.twilio.com";
  if (!/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : "")) {
    throw new Error(
      "The environment variable TWILIO_LOOKUPS_URL is not a URL such as https://lookups.twilio.com.",
    );
  }
  return url.replace(/(?<!\/)\/+$/, "");
}
