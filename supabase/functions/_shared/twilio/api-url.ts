// Where Twilio's API is: Twilio's own address, or the one the environment names.
import type { Environment } from "../environment/environment.ts";

/** TWILIO_API_URL, without a slash at the end. @throws Error if it is no http(s) URL */
export function twilioApiUrl(env: Environment): string {
  const url = env.get("TWILIO_API_URL") ?? "https://api.twilio.com";
  if (!/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : "")) {
    throw new Error("The environment variable TWILIO_API_URL is not a URL such as https://api.twilio.com.");
  }
  return url.replace(/(?<!\/)\/+$/, "");
}
