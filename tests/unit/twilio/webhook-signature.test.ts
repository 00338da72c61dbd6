// X-Twilio-Signature, compared with the official SDK's own validator and the examples of Twilio's documentation.
import twilio from "twilio";
import { signWebhook as simulatorSigns } from "twilio-simulator";
import { describe, expect, it } from "vitest";
import { publicUrl } from "../../../supabase/functions/_shared/twilio/public-url.ts";
import { signWebhook } from "../../../supabase/functions/_shared/twilio/sign-webhook.ts";
import { isSignatureValid } from "../../../supabase/functions/_shared/twilio/verify-signature.ts";

const TOKEN = "12345";
const URL_WITH_QUERY = "https://project.supabase.co/functions/v1/twilio/status?mid=1b&a=2c";

/** Fields as the SDK expects them: a list if a name occurs several times. */
function sdkParams(form: URLSearchParams): Record<string, string | string[]> {
  const params: Record<string, string | string[]> = {};
  for (const name of new Set(form.keys())) {
    const values = form.getAll(name);
    params[name] = values.length > 1 ? values : (values[0] as string);
  }
  return params;
}

describe("documented vectors", () => {
  it.each([
    [
      "L/OH5YylLD5NRKLltdqwSvS0BnU=",
      "https://example.com/myapp.php?foo=1&bar=2",
      {
        Digits: "1234",
        To: "+18005551212",
        From: "+14158675310",
        Caller: "+14158675310",
        CallSid: "CA1234567890ABCDE",
      },
    ],
    [
      "t64uZ3SEiU2fbBEHppByBXZpZL8=",
      "https://example.com/myapp?foo=1&bar=2",
      {
        CallSid: "CA1234567890ABCDE",
        Caller: "+12349013030",
        Digits: "1234",
        From: "+12349013030",
        To: "+18005551212",
      },
    ],
  ])("%s is what these fields sign to", async (signature, url, fields) => {
    const form = new URLSearchParams(fields as Record<string, string>);
    expect(await signWebhook(TOKEN, url, form)).toBe(signature);
    expect(await isSignatureValid(TOKEN, url, form, signature)).toBe(true);
  });
});

describe("any form Twilio may post", () => {
  const forms: [string, URLSearchParams, string?][] = [
    ["emoji and accents", new URLSearchParams({ Body: "¿Cuánto? 👍🏽 ñ", From: "+13055550100" })],
    ["empty values", new URLSearchParams({ Body: "", FromCity: "", To: "+13055550100" })],
    ["leading and trailing space, line ends", new URLSearchParams({ Body: "  a\r\nb \t", To: "+1" })],
    ["repeated names", new URLSearchParams("b=2&b=1&a=3&b=2&MediaUrl0=x")],
    ["names sorted by code unit, capitals first", new URLSearchParams("b=1&B=2&a=3&A=4&_=5&1=6&é=7")],
    [
      "plus signs and percent signs in values",
      new URLSearchParams({ Body: "100% + tax & more=less", To: "+1" }),
    ],
    ["no field at all", new URLSearchParams()],
    ["a port, which is signed", new URLSearchParams({ A: "1" }), "https://example.com:8443/x?y=1"],
    [
      "plain http on loopback",
      new URLSearchParams({ A: "1" }),
      "http://127.0.0.1:54321/functions/v1/twilio/status?b=2&a=1",
    ],
    ["a query in any order", new URLSearchParams({ A: "1" }), "https://example.com/x?z=1&a=2&m=%20"],
  ];
  it.each(forms)(
    "%s: the SDK takes our signature and we take its",
    async (_what, form, url = URL_WITH_QUERY) => {
      const ours = await signWebhook(TOKEN, url, form);
      expect(twilio.validateRequest(TOKEN, ours, url, sdkParams(form))).toBe(true);
      const theirs = twilio.getExpectedTwilioSignature(TOKEN, url, sdkParams(form));
      expect(await isSignatureValid(TOKEN, url, form, theirs)).toBe(true);
    },
  );

  it("agrees with the simulator, which signs without our code", async () => {
    const fields = { Body: "¿Sí? 🙂", AccountSid: "AC1", Zip: "", a: "x" };
    const form = new URLSearchParams(fields);
    expect(await signWebhook(TOKEN, URL_WITH_QUERY, form)).toBe(
      simulatorSigns(TOKEN, URL_WITH_QUERY, fields),
    );
  });
});

describe("what is refused", () => {
  const form = new URLSearchParams({ MessageSid: "SM1", MessageStatus: "sent", AccountSid: "AC1" });
  const sign = () => signWebhook(TOKEN, URL_WITH_QUERY, form);

  it("another token, another URL, another order of the query", async () => {
    const signature = await sign();
    expect(await isSignatureValid("12346", URL_WITH_QUERY, form, signature)).toBe(false);
    for (const url of [
      URL_WITH_QUERY.replace("https", "http"),
      URL_WITH_QUERY.replace("mid=1b&a=2c", "a=2c&mid=1b"),
      `${URL_WITH_QUERY}&x=`,
      URL_WITH_QUERY.replace("/status", "/status/"),
      URL_WITH_QUERY.replace("project.", "Project."),
    ])
      expect(await isSignatureValid(TOKEN, url, form, signature)).toBe(false);
  });

  it("a field added, removed, changed or doubled with another value", async () => {
    const signature = await sign();
    const changed = (change: (form: URLSearchParams) => void) => {
      const other = new URLSearchParams(form);
      change(other);
      return isSignatureValid(TOKEN, URL_WITH_QUERY, other, signature);
    };
    expect(await changed((other) => other.append("New", ""))).toBe(false);
    expect(await changed((other) => other.delete("MessageStatus"))).toBe(false);
    expect(await changed((other) => other.set("MessageStatus", "delivered"))).toBe(false);
    expect(await changed((other) => other.append("MessageStatus", "delivered"))).toBe(false);
  });

  it.each([
    "",
    "=",
    "x".repeat(27),
    "AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "L/OH5YylLD5NRKLltdqwSvS0BnU",
    "💥".repeat(14),
  ])("%j as a signature", async (signature) => {
    expect(await isSignatureValid(TOKEN, URL_WITH_QUERY, form, signature)).toBe(false);
  });
});

describe("the public URL", () => {
  it("is the configured base and path with the query as it was received", () => {
    const url = publicUrl(
      "https://ref.supabase.co/functions/v1/",
      "/twilio/status",
      "http://edge-runtime.supabase.com/twilio/status?mid=a%2Bb&a=",
    );
    expect(url).toBe("https://ref.supabase.co/functions/v1/twilio/status?mid=a%2Bb&a=");
  });

  it("has no question mark where none was received, and never a fragment", () => {
    const base = "https://ref.supabase.co/functions/v1";
    expect(publicUrl(base, "/twilio/inbound", "http://x/twilio/inbound")).toBe(`${base}/twilio/inbound`);
    expect(publicUrl(base, "/twilio/inbound", "http://x/twilio/inbound?a=1#rc=3")).toBe(
      `${base}/twilio/inbound?a=1`,
    );
  });
});
