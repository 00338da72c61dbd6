// X-Twilio-Signature over a webhook, as Twilio's "Security" page describes it.
import { createHmac } from "node:crypto";

/**
 * HMAC-SHA1, base64, over the URL (scheme to query, port kept, without user and password) and then, for a form POST,
 * each parameter's name and value, sorted by name. Pass no params for GET.
 */
export function signWebhook(
  authToken: string,
  url: string,
  params: Readonly<Record<string, string>> | null,
): string {
  let text = url.replace(/^(https?:\/\/)[^/@]*@/, "$1");
  if (params !== null) for (const name of Object.keys(params).sort()) text += name + params[name];
  return createHmac("sha1", authToken).update(text, "utf8").digest("base64");
}
