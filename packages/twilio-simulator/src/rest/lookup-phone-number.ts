// Lookup v2: valid or not, and the type of line.
import { lineTypeOf, personBase } from "../delivery/draw-outcome.ts";
import type { Account } from "../state/account.ts";
import { drawUnit, hashText, Purpose, pickByShare } from "../state/draw-random.ts";
import type { ApiAnswer, ApiCall } from "./api-call.ts";
import { TwilioError } from "./twilio-error.ts";
import { normalisePhone } from "./validate-message.ts";

const CARRIERS = [
  ["Verizon Wireless", "311", "480"],
  ["AT&T Wireless", "310", "410"],
  ["T-Mobile USA, Inc.", "310", "260"],
] as const;

function describeLine(account: Account, phone: string): Record<string, unknown> {
  const type = lineTypeOf(account, phone, account.behaviour);
  const isMobile = type === "mobile";
  const carrier = CARRIERS[
    Math.floor(drawUnit(personBase(account, phone), Purpose.carrier) * 3)
  ] as (typeof CARRIERS)[number];
  return {
    error_code: null,
    mobile_country_code: isMobile ? carrier[1] : null,
    mobile_network_code: isMobile ? carrier[2] : null,
    carrier_name: isMobile ? carrier[0] : "Regional Telephone Company",
    type,
  };
}

/** The fault of this request, drawn by the account's seed, the phone and the number of earlier lookups of it. */
function misbehave(account: Account, phone: string): ApiAnswer | null {
  const { throttled, failed, held } = account.behaviour.lookups;
  const ordinal = account.lookups.get(phone) ?? 0;
  account.lookups.set(phone, ordinal + 1);
  const unit = drawUnit(hashText(`${phone}|${ordinal}`, account.seed), Purpose.lookup);
  const kind = pickByShare(unit, [throttled, failed, held]);
  if (kind === 0) throw new TwilioError(20429);
  if (kind === 1) throw new TwilioError(20500);
  return kind === 2 ? { status: 200, heldForMs: account.behaviour.answers.holdMs } : null;
}

/** GET /v2/PhoneNumbers/{number}?Fields=line_type_intelligence. Other text gives `valid: false`, without a line type. */
export function lookupPhoneNumber(call: ApiCall, given: string): ApiAnswer {
  const fields = (call.query.get("Fields") ?? "").split(",").filter((field) => field !== "");
  const unknown = fields.find((field) => field !== "line_type_intelligence");
  if (unknown !== undefined)
    throw new TwilioError(60601, `Fields: ${unknown} is not simulated, only line_type_intelligence is`);
  const phone = normalisePhone(given);
  const wrong = misbehave(call.account, phone ?? given);
  if (wrong) return wrong;
  const { invalid } = call.account.behaviour.lookups;
  const isUnknown =
    phone !== null && drawUnit(personBase(call.account, phone), Purpose.lookupInvalid) < invalid;
  const isValid = (phone?.startsWith("+1") ?? false) && !isUnknown;
  const digits = given.replace(/\D/g, "").length;
  return {
    status: 200,
    body: {
      calling_country_code: isValid ? "1" : null,
      country_code: isValid ? "US" : null,
      phone_number: phone ?? given,
      national_format:
        isValid && phone ? `(${phone.slice(2, 5)}) ${phone.slice(5, 8)}-${phone.slice(8)}` : null,
      valid: isValid,
      validation_errors: isValid
        ? []
        : [digits < 11 ? "TOO_SHORT" : digits > 11 ? "TOO_LONG" : "INVALID_BUT_POSSIBLE"],
      caller_name: null,
      sim_swap: null,
      call_forwarding: null,
      line_status: null,
      line_type_intelligence:
        isValid && phone && fields.length > 0 ? describeLine(call.account, phone) : null,
      identity_match: null,
      reassigned_number: null,
      sms_pumping_risk: null,
      phone_number_quality_score: null,
      pre_fill: null,
      url: `${call.sim.url}/v2/PhoneNumbers/${phone ?? given}`,
    },
  };
}
