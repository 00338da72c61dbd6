// Reads Twilio's error from the answer to a request that it refused.

export interface TwilioRefusal {
  code: number;
  message: string;
}

/**
 * Reads `{ code, message }` of the 2010 API, or the RFC 9457 body of newer ones (`title`, `detail`). Null if the body is
 * neither, which means that something other than Twilio's API answered.
 */
export function readTwilioError(body: unknown): TwilioRefusal | null {
  if (typeof body !== "object" || body === null) return null;
  const { code, message, detail, title } = body as Record<string, unknown>;
  if (typeof code !== "number" || !Number.isInteger(code)) return null;
  const text = [message, detail, title].find((one) => typeof one === "string" && one !== "");
  return { code, message: typeof text === "string" ? text : `Twilio error ${code}` };
}
