// The URL by which Twilio reaches us. No header says it: hosted functions see another host and a shorter path.

/**
 * @param base PUBLIC_FUNCTIONS_URL, such as https://<ref>.supabase.co/functions/v1
 * @param path as configured at Twilio, such as /twilio/status
 * @param receivedUrl the request's URL; only its query is used, unchanged, since re-encoding it would change the signature
 */
export function publicUrl(base: string, path: string, receivedUrl: string): string {
  const mark = receivedUrl.indexOf("?");
  const query = mark === -1 ? "" : (receivedUrl.slice(mark).split("#", 1)[0] as string);
  return base.replace(/(?<!\/)\/+$/, "") + path + query;
}
