// The addresses at which Twilio fetches the files of a message that we send. Whoever has one can read that one file, until it
// expires, and nothing else.
import type { Direct } from "../db/direct.ts";

/** From the claim of the message. */
export const MEDIA_ADDRESS_SECONDS = 3_600;

/** A deleted secret is used this much longer. */
const KEEP_MS = 60_000;
let kept: { key: Promise<CryptoKey>; readAt: number } | undefined;

const encoder = new TextEncoder();

/** The key that signs and verifies addresses; its secret is read from the database once a minute. @throws the database's error */
export async function mediaKey(sql: Direct): Promise<CryptoKey> {
  const now = performance.now();
  if (kept && now - kept.readAt < KEEP_MS) return await kept.key;
  const [row] = await sql<{ secret: string }[]>`select private.media_secret() as secret`;
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = crypto.subtle.importKey("raw", encoder.encode(row?.secret), algorithm, false, [
    "sign",
    "verify",
  ]);
  kept = { key, readAt: now };
  return await key;
}

/**
 * @param base PUBLIC_FUNCTIONS_URL, without a slash at the end
 * @param expires seconds since 1970
 */
export async function mediaAddress(
  key: CryptoKey,
  base: string,
  mediaId: string,
  expires: number,
): Promise<string> {
  const signature = await crypto.subtle.sign("HMAC", key, signedText(mediaId, expires));
  const token = btoa(String.fromCharCode(...new Uint8Array(signature)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace("=", "");
  return `${base}/twilio/media/${mediaId}?e=${expires}&t=${token}`;
}

/** WebCrypto's verify compares in constant time. @param now seconds since 1970 */
export async function isMediaAddressValid(
  key: CryptoKey,
  mediaId: string,
  { e, t }: { e: string; t: string },
  now: number,
): Promise<boolean> {
  // A time that is written in another way would be another text with the same meaning.
  if (!/^[1-9]\d{0,11}$/.test(e) || !/^[\w-]{43}$/.test(t)) return false;
  const expires = Number(e);
  // The signature alone proves that we chose the time.
  if (expires <= now) return false;
  const given = Uint8Array.from(atob(`${t.replaceAll("-", "+").replaceAll("_", "/")}=`), (char) =>
    char.charCodeAt(0),
  );
  return await crypto.subtle.verify("HMAC", key, given, signedText(mediaId, expires));
}

const signedText = (mediaId: string, expires: number) => encoder.encode(`media ${mediaId} ${expires}`);
