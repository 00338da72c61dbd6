// Checks whether a webhook was signed with an account's auth token.
import { signedText, signingKey } from "./sign-webhook.ts";

/** An HMAC-SHA1, 20 bytes, in base64. */
const SIGNATURE = /^[A-Za-z0-9+/]{27}=$/;

/**
 * WebCrypto's own verify compares them, which takes the same time wherever the first difference is.
 * @param url the public URL as it is configured at Twilio, with the query as it was received, without a fragment
 * @param form every field of the body: Twilio adds new ones without notice and signs them all
 */
export async function isSignatureValid(
  authToken: string,
  url: string,
  form: URLSearchParams,
  signature: string,
): Promise<boolean> {
  if (!SIGNATURE.test(signature)) return false;
  const given = Uint8Array.from(atob(signature), (char) => char.charCodeAt(0));
  const key = await signingKey(authToken);
  return await crypto.subtle.verify("HMAC", key, given, signedText(url, form));
}
