// Whether an address is this machine. Only then is "Twilio" a simulator, and a campaign may send at any hour.

/**
 * @param url an absolute URL, such as TWILIO_API_URL
 * @returns true for 127.0.0.0/8, ::1 and localhost; false for everything else, including text that is no URL
 */
export function isLoopbackUrl(url: string | undefined): boolean {
  if (!url || !URL.canParse(url)) return false;
  const host = new URL(url).hostname.replace(/^\[|\]$/g, "");
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
