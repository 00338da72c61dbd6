// GETs v2/PhoneNumbers, where Twilio says whether there is such a number, what type of line it has, and its carrier.
import { callExternal, readJson } from "../external/call-external.ts";
import { exchangeByFetch } from "../external/exchange-by-fetch.ts";
import { ExternalError } from "../external/external-error.ts";
import type { TwilioAccount } from "./find-account.ts";
import { readTwilioError } from "./read-error.ts";

/** A result as private.record_lookups takes it. */
export interface PhoneLookup {
  is_valid: boolean;
  /** Twilio's reason in lower case, such as too_short. */
  invalid_reason: string | null;
  /** Null if Twilio does not know it: then the known line type stays. */
  line_type: "mobile" | "landline" | "voip" | "toll_free" | "other" | null;
  carrier: string | null;
  carrier_info: Record<string, string | number | null>;
}

const TIMEOUT_MS = 10_000;

/** Twilio's line types and ours. "unknown" is not among them. */
const LINE_TYPES = new Map<string, PhoneLookup["line_type"]>([
  ["mobile", "mobile"],
  ["landline", "landline"],
  ["fixedVoip", "voip"],
  ["nonFixedVoip", "voip"],
  ["tollFree", "toll_free"],
  ...["personal", "premium", "sharedCost", "uan", "voicemail", "pager", "payphone"].map(
    (type) => [type, "other"] as const,
  ),
]);

/** @throws ExternalError */
export async function lookUpPhone(
  lookupsUrl: string,
  account: TwilioAccount,
  e164: string,
): Promise<PhoneLookup> {
  const url = `${lookupsUrl}/v2/PhoneNumbers/${encodeURIComponent(e164)}?Fields=line_type_intelligence`;
  const headers = { authorization: account.authorization, accept: "application/json" };
  const answer = await callExternal(url, { method: "GET", headers }, TIMEOUT_MS, exchangeByFetch);
  const body = readJson(answer.text) as Record<string, unknown>;
  if (answer.status !== 200) {
    const refusal = readTwilioError(body);
    // Besides valid: false, this is how Twilio says that there is no such number.
    if (answer.status === 404 && (refusal?.code === 20404 || refusal?.code === 60600))
      return { ...NOTHING, is_valid: false, invalid_reason: "not_found" };
    throw new ExternalError(
      "retry",
      refusal ? `Twilio error ${refusal.code}: ${refusal.message}` : `HTTP ${answer.status}.`,
    );
  }
  if (typeof body.valid !== "boolean") throw new ExternalError("retry", "Twilio's answer can't be read.");
  if (!body.valid) {
    const [first] = Array.isArray(body.validation_errors) ? body.validation_errors : [];
    const reason = /^[A-Z_]{1,40}$/.test(String(first)) ? String(first).toLowerCase() : "invalid";
    return { ...NOTHING, is_valid: false, invalid_reason: reason };
  }
  if (body.phone_number !== e164) throw new ExternalError("retry", "Twilio's answer is about another phone.");
  return { ...NOTHING, ...readLine(body.line_type_intelligence) };
}

const NOTHING: PhoneLookup = {
  is_valid: true,
  invalid_reason: null,
  line_type: null,
  carrier: null,
  carrier_info: {},
};

function readLine(line: unknown): Pick<PhoneLookup, "line_type" | "carrier" | "carrier_info"> {
  const given = (typeof line === "object" && line !== null ? line : {}) as Record<string, unknown>;
  const text = (value: unknown) =>
    typeof value === "string" && value.trim() !== "" ? value.trim().slice(0, 100) : null;
  const type = text(given.type);
  const carrier = text(given.carrier_name);
  return {
    line_type: LINE_TYPES.get(type ?? "") ?? null,
    carrier,
    carrier_info: {
      type,
      carrier_name: carrier,
      mobile_country_code: text(given.mobile_country_code),
      mobile_network_code: text(given.mobile_network_code),
      error_code: typeof given.error_code === "number" ? given.error_code : null,
    },
  };
}
