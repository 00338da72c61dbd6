// Whether a webhook was signed with an account's auth token.
import { signedText, signingKey } from "./sign-webhook.ts";

/** Of base64 HMAC-SHA1: 20 bytes. */
const SIGNATURE = /^[A-Za-z0-9+/]{27}=$/;

/**
 * Compared by WebCrypto's own verify, which takes the same time wherever the first difference lies.
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
