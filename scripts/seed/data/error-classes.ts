// Twilio's error codes as data: code → class → what to do. The database holds the same rows, generated from here.

/**
 * permanent: this phone can't be texted. opt_out: its holder doesn't want to be. transient: try again later. account and
 * campaign: nothing can be sent until a person fixes the cause. sender: this number is at fault. bug: our request is.
 */
export type ErrorClass =
  | "permanent"
  | "opt_out"
  | "transient"
  | "account"
  | "campaign"
  | "sender"
  | "bug"
  | "unknown";

export type ErrorAction =
  | "mark_invalid"
  | "mark_landline"
  | "suppress"
  | "retry"
  | "rest_number"
  | "rest_account"
  | "hold_region"
  | "reschedule"
  | "pause_account"
  | "pause_campaign"
  | "quarantine_number"
  | "score_number"
  | "fail";

export interface ErrorRule {
  code: number;
  class: ErrorClass;
  action: ErrorAction;
  /** Base of the wait before the next attempt; it doubles each time, with jitter. */
  retryAfterSeconds?: number;
  /** Attempts in all; 3 if not given. */
  maxAttempts?: number;
  /** Refused before any carrier took it, so that sending it again can't reach the person twice. */
  neverHandedToCarrier: boolean;
  /** How long the action's pause lasts. */
  pauseUntil?: "a_person_resumes" | "midnight_pacific";
  note: string;
}

type Row = [code: number, action: ErrorAction, note: string, seconds?: number, attempts?: number];

const CLASS_OF: Record<ErrorAction, ErrorClass> = {
  mark_invalid: "permanent",
  mark_landline: "permanent",
  suppress: "opt_out",
  retry: "transient",
  rest_number: "transient",
  rest_account: "account",
  hold_region: "account",
  reschedule: "transient",
  pause_account: "account",
  pause_campaign: "campaign",
  quarantine_number: "sender",
  score_number: "sender",
  fail: "bug",
};

const SECOND = 1;
const MINUTE = 60;
const HOUR = 3600;

/** Answered at once: no message was created. HTTP 429 has three meanings (20429, 21611, 63038); only the code differs. */
const REFUSED: Row[] = [
  [20003, "pause_account", "authentication failed or account suspended"],
  [20005, "pause_account", "account not active"],
  [20403, "pause_account", "the credentials may not do this"],
  [20404, "pause_account", "account or service not found"],
  [20429, "retry", "too many requests at once; not processed", 2 * SECOND, 10],
  [21211, "mark_invalid", "invalid To number"],
  [21212, "quarantine_number", "invalid From number"],
  [21265, "mark_invalid", "To is a short code"],
  [21266, "fail", "To and From are the same number"],
  [21268, "mark_invalid", "To is a premium or information number"],
  [21408, "hold_region", "messages to this region are not enabled for the account"],
  [21601, "quarantine_number", "From is no number of this account"],
  [21602, "fail", "message body missing"],
  [21603, "fail", "From missing"],
  [21604, "fail", "To missing"],
  [21606, "quarantine_number", "From can't send messages to this destination"],
  [21608, "pause_account", "trial account: To is not verified"],
  [21609, "fail", "invalid status callback address"],
  [21610, "suppress", "recipient opted out of this sender"],
  [21611, "rest_number", "the number's queue of ten hours is full", HOUR, 5],
  [21612, "retry", "To can't be reached from this number", HOUR, 2],
  [21614, "mark_landline", "To is not a mobile number"],
  [21617, "fail", "message longer than 1600 characters"],
  [21620, "fail", "invalid media address"],
  [21623, "fail", "too many media files"],
  [21635, "mark_landline", "To is a landline"],
  [21659, "quarantine_number", "From is no Twilio number"],
  [21660, "quarantine_number", "From belongs to another account"],
  [21661, "quarantine_number", "From can't send messages"],
  [21701, "pause_campaign", "messaging service not found"],
  [21703, "pause_campaign", "messaging service has no usable number"],
  [21704, "pause_campaign", "messaging service has no numbers"],
  [21705, "pause_campaign", "messaging service is invalid"],
  [21730, "retry", "Twilio is under maintenance", 10 * MINUTE, 4],
  [21910, "fail", "From and To are not of the same channel"],
  [35111, "fail", "scheduling: SendAt missing"],
  [35114, "fail", "scheduling: time out of range"],
  [35115, "fail", "scheduling: time too near"],
  [35117, "fail", "scheduling: time too far"],
  [35118, "fail", "scheduling: messaging service missing"],
  [35125, "fail", "scheduling: too many scheduled messages"],
  [63017, "retry", "account sends more than its messages per second", 2 * SECOND, 10],
  [63038, "rest_account", "the account's daily message limit is reached"],
];

/** Reported later, and no carrier took the message: Twilio's own queue or rules, or a refusal at the carrier's gate. */
const NEVER_HANDED_OVER: Row[] = [
  [30001, "rest_number", "the number's queue overflowed", HOUR, 5],
  [30002, "pause_account", "account suspended after queueing"],
  [30022, "retry", "10DLC rate exceeded", 10 * MINUTE, 4],
  [30023, "retry", "T-Mobile's daily cap of the brand is reached until midnight Pacific", 8 * HOUR, 4],
  [30024, "quarantine_number", "number not provisioned at the carrier yet"],
  [30032, "quarantine_number", "toll-free number not verified"],
  [30033, "pause_campaign", "the registered A2P campaign is suspended"],
  [30034, "quarantine_number", "number not registered to an A2P campaign"],
  [30035, "quarantine_number", "number still being set up for its A2P campaign"],
  [30037, "pause_account", "outbound messages are not allowed for the account"],
  [30036, "reschedule", "validity period ran out in the queue", MINUTE, 5],
  [30450, "retry", "blocked for some minutes by fraud protection", 30 * MINUTE],
  [30610, "reschedule", "blocked by Twilio's quiet hours", HOUR, 5],
  [30640, "suppress", "recipient is a known litigator"],
  [30883, "pause_campaign", "the A2P campaign's registration was rejected: content violation"],
  [30884, "pause_campaign", "the A2P campaign's registration was rejected: spam risk"],
  [30885, "pause_campaign", "the A2P campaign's registration was rejected: high risk"],
  [30893, "pause_campaign", "the A2P campaign's registration was rejected: sample messages"],
  [30951, "pause_campaign", "the A2P campaign's registration was rejected: third-party lead generation"],
];

/** Reported later, after a carrier may have had the message. */
const HANDED_OVER: Row[] = [
  [30003, "retry", "phone unreachable: off, without signal or roaming", 4 * HOUR, 2],
  [30004, "mark_invalid", "blocked by recipient or carrier"],
  [30005, "mark_invalid", "unknown or inactive number"],
  [30006, "mark_landline", "landline or unreachable carrier"],
  [30007, "score_number", "filtered as spam or against policy"],
  [30008, "retry", "unknown carrier error", HOUR, 2],
  [30010, "fail", "price above MaxPrice"],
  [30011, "fail", "MMS not supported"],
  [30016, "fail", "From and To are not of the same channel"],
  [30017, "retry", "carrier congestion", 10 * MINUTE],
  [30021, "retry", "internal error of Twilio's messaging service", HOUR, 2],
  [30410, "retry", "carrier did not answer in time", HOUR, 2],
  [30500, "retry", "internal error at Twilio while it processed the message", HOUR, 2],
];

const toRule =
  (neverHandedToCarrier: boolean) =>
  ([code, action, note, retryAfterSeconds, maxAttempts]: Row): ErrorRule => ({
    code,
    class: CLASS_OF[action],
    action,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
    neverHandedToCarrier,
    ...(action === "pause_account" || action === "pause_campaign" || action === "quarantine_number"
      ? { pauseUntil: "a_person_resumes" as const }
      : action === "rest_account" || code === 30023
        ? { pauseUntil: "midnight_pacific" as const }
        : {}),
    note,
  });

/** Every known code that a message can end with, by code. Sources: Twilio's error dictionary and its messaging guides. */
export const ERROR_RULES: readonly ErrorRule[] = [
  ...REFUSED.map(toRule(true)),
  ...NEVER_HANDED_OVER.map(toRule(true)),
  ...HANDED_OVER.map(toRule(false)),
].sort((a, b) => a.code - b.code);

const BY_CODE = new Map(ERROR_RULES.map((rule) => [rule.code, rule]));

/**
 * The rule of a code. A code we don't know is `unknown`: the message fails, is not retried, and a person must look. Branch on
 * the JSON body's code, never on the HTTP status.
 */
export function classifyError(code: number | null | undefined): ErrorRule {
  const known = BY_CODE.get(code ?? 0);
  if (known) return known;
  return {
    code: code ?? 0,
    class: "unknown",
    action: "fail",
    maxAttempts: 1,
    neverHandedToCarrier: false,
    note: "not in the table",
  };
}
