// Reads the answer to an inbound webhook: the texts to reply, or the Twilio error it causes.

export interface TwimlReading {
  messages: string[];
  /** 12100 unparsable, 12300 wrong content type, 11750 too long; null when it is fine. */
  debuggerCode: number | null;
}

function unescapeXml(text: string): string {
  return text
    .replace(/<!\[CDATA\[([\s\S]*?)\]\]>/g, (_, raw: string) => raw.replaceAll("&", "&amp;"))
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&quot;/g, '"')
    .replace(/&apos;/g, "'")
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replace(/&#x([0-9a-f]+);/gi, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)))
    .replace(/&amp;/g, "&");
}

/** Reads TwiML with Message verbs. Plain text replies with itself, and an empty answer with nothing, as at Twilio. */
export function parseTwiml(contentType: string | null, body: string): TwimlReading {
  if (body.length > 65_536) return { messages: [], debuggerCode: 11750 };
  if (body.trim() === "") return { messages: [], debuggerCode: null };
  const type = (contentType ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  if (type === "text/plain") return { messages: [body], debuggerCode: null };
  if (!["text/xml", "application/xml", "text/html"].includes(type))
    return { messages: [], debuggerCode: 12300 };
  const root = /^\s*(?:<\?xml[^>]*\?>)?\s*<Response\s*(?:\/>|>([\s\S]*)<\/Response>)\s*$/.exec(body);
  if (root === null) return { messages: [], debuggerCode: 12100 };
  const messages: string[] = [];
  for (const verb of (root[1] ?? "").matchAll(/<Message\b[^>]*?(?:\/>|>([\s\S]*?)<\/Message>)/g)) {
    const content = verb[1] ?? "";
    const nested = /<Body\b[^>]*>([\s\S]*?)<\/Body>/.exec(content);
    messages.push(unescapeXml(nested?.[1] ?? content.replace(/<(?!!\[CDATA)[^>]*>/g, "")));
  }
  return { messages, debuggerCode: null };
}
