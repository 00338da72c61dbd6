// Answers of Twilio Lookup, in the form we store.
import { afterAll, beforeAll, expect, it } from "vitest";
import { readEnvironment } from "../../../supabase/functions/_shared/environment/environment.ts";
import { lookUpPhone } from "../../../supabase/functions/_shared/twilio/look-up-phone.ts";
import { twilioLookupsUrl } from "../../../supabase/functions/_shared/twilio/lookups-url.ts";
import { type FaultyServer, startFaultyServer } from "../../fixtures/faulty-server.ts";

let server: FaultyServer;
beforeAll(async () => {
  server = await startFaultyServer();
});
afterAll(() => server.close());

const PHONE = "+15125550142";
const account = { accountSid: "AC", orgId: "", authToken: "secret", authorization: "Basic QUM6c2VjcmV0" };
const lookUp = () => lookUpPhone(server.url, account, PHONE);
const line = (fields: Record<string, unknown>) => ({
  valid: true,
  phone_number: PHONE,
  validation_errors: [],
  line_type_intelligence: { error_code: null, carrier_name: null, type: null, ...fields },
});

it("asks what Twilio documents, with Basic auth", async () => {
  server.answer(200, line({ type: "mobile" }));
  await lookUp();
  expect(server.received.at(-1)).toMatchObject({
    method: "GET",
    url: "/v2/PhoneNumbers/%2B15125550142?Fields=line_type_intelligence",
    headers: expect.objectContaining({ authorization: account.authorization }),
  });
});

it.each([
  ["mobile", "mobile"],
  ["landline", "landline"],
  ["fixedVoip", "voip"],
  ["nonFixedVoip", "voip"],
  ["tollFree", "toll_free"],
  ["pager", "other"],
  ["unknown", null],
  ["toString", null],
  [null, null],
])("a line of type %s is %s", async (type, line_type) => {
  server.answer(200, line({ type, carrier_name: "T-Mobile USA, Inc.", mobile_country_code: "310" }));
  expect(await lookUp()).toMatchObject({
    is_valid: true,
    line_type,
    carrier: "T-Mobile USA, Inc.",
    carrier_info: { type, carrier_name: "T-Mobile USA, Inc.", mobile_country_code: "310" },
  });
});

it("an unknown number is reported by valid, or by an error", async () => {
  server.answer(200, { valid: false, phone_number: PHONE, validation_errors: ["TOO_SHORT"] });
  expect(await lookUp()).toMatchObject({ is_valid: false, invalid_reason: "too_short", line_type: null });
  server.answer(200, { valid: false, validation_errors: ["<script>"] });
  expect(await lookUp()).toMatchObject({ is_valid: false, invalid_reason: "invalid" });
  server.answer(404, { code: 60600, message: "The phone number is invalid" });
  expect(await lookUp()).toMatchObject({ is_valid: false, invalid_reason: "not_found" });
});

it.each<[number, unknown, string]>([
  [200, { ...line({}), phone_number: "+15125550143" }, "about another phone"],
  [200, { phone_number: PHONE }, "can't be read"],
  [200, "<html>", "no JSON"],
  [404, {}, "HTTP 404"],
  [400, { code: 60601, message: "Unsupported" }, "Twilio error 60601: Unsupported"],
  [429, { code: 20429, message: "Too Many Requests" }, "HTTP 429"],
])("%i %o is no answer, and says nothing of the phone", async (status, body, words) => {
  server.answer(status, body);
  await expect(lookUp()).rejects.toMatchObject({ outcome: "retry", message: expect.stringContaining(words) });
});

it("an environment's address is used without a slash at the end, Twilio's own by default", () => {
  const at = (value?: string) =>
    twilioLookupsUrl(readEnvironment((name) => (name === "TWILIO_LOOKUPS_URL" ? value : undefined)));
  expect([at(), at("http://127.0.0.1:1/")]).toEqual(["https://lookups.twilio.com", "http://127.0.0.1:1"]);
  expect(() => at("ftp://x")).toThrow("TWILIO_LOOKUPS_URL");
});
